//! Which of the running torrents a person means.

use super::args::Which;
use super::failure::Failure;
use super::output;
use super::text::{one_line, printable};
use crate::control::{self, Running, Standing};

/// The least of an info-hash that means a torrent: less is often a part of a name.
const LEAST_HASH: usize = 4;

/// A torrent of a running process.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    pub(crate) process: Running,
    pub(crate) torrent: Standing,
}

/// All torrents of this user's processes, in the order of their numbers. A process that does not
/// answer as it should is told on stderr.
pub(crate) async fn all(which: &Which) -> Result<Vec<Meant>, Failure> {
    let found = control::running().await.map_err(Failure::failed)?;
    for sentence in found.trouble {
        output::error(&format!("note: {}", one_line(&sentence)));
    }
    let mut running = found.running;
    running.retain(|process| which.pid.is_none_or(|pid| pid == process.pid));
    running.sort_by_key(|process| process.pid);
    let each = running.into_iter().flat_map(|mut process| {
        let torrents = std::mem::take(&mut process.torrents);
        torrents.into_iter().map(move |torrent| Meant {
            process: process.clone(),
            torrent,
        })
    });
    Ok(each.collect())
}

/// Those that fit what was typed.
pub(crate) fn fitting(which: &Which, all: Vec<Meant>) -> Result<Vec<Meant>, Failure> {
    let Some(name) = which.name.as_deref() else {
        return Ok(all);
    };
    let named = |meant: &Meant| meant.torrent.name == name;
    if all.iter().any(named) {
        return Ok(all.into_iter().filter(named).collect());
    }
    let (nobody, lower) = (all.is_empty(), name.to_lowercase());
    let fits = |meant: &Meant| {
        let Standing {
            name, info_hash, ..
        } = &meant.torrent;
        let hash = lower.len() >= LEAST_HASH && info_hash.starts_with(&lower);
        hash || name.to_lowercase().contains(&lower)
    };
    let fitting: Vec<Meant> = all.into_iter().filter(fits).collect();
    match fitting.is_empty() {
        false => Ok(fitting),
        true if nobody => Err(Failure::Failed(NOTHING.into())),
        true => Err(Failure::Failed(format!(
            "no torrent that is being worked on is called `{}`: `kostorrent status` lists them",
            printable(name)
        ))),
    }
}

/// Said when there is nothing to speak to.
pub(crate) const NOTHING: &str = "no download and no seeder is running";

/// The one, if there is only one.
pub(crate) fn only(which: &Which, mut fitting: Vec<Meant>) -> Result<Meant, Failure> {
    match (fitting.pop(), fitting.is_empty()) {
        (None, _) => Err(Failure::Failed(NOTHING.into())),
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            fitting.push(last);
            let each = fitting.iter().map(|meant| {
                let hash = &meant.torrent.info_hash;
                let hash = hash.get(..8).unwrap_or(hash);
                let (name, pid) = (printable(&meant.torrent.name), meant.process.pid);
                format!("{name} ({hash}, process {pid})")
            });
            let each = each.collect::<Vec<_>>().join(", ");
            let what = match &which.name {
                Some(name) => format!("`{}` may be", printable(name)),
                None => "name one of".to_owned(),
            };
            Err(Failure::Failed(format!("{what} {each}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::control::State;

    fn meant(pid: u32, name: &str, info_hash: &str) -> Meant {
        Meant {
            process: Running {
                socket: "".into(),
                pid,
                torrents: Vec::new(),
            },
            torrent: Standing {
                name: name.into(),
                info_hash: info_hash.into(),
                state: State::Seeding,
                checked: 0,
                pieces_have: 0,
                pieces: 0,
                left: 0,
                total_length: 0,
                downloaded: 0,
                uploaded: 0,
                down_rate: 0,
                up_rate: 0,
                peers: 0,
                seeds: 0,
                known_seeders: None,
                known_leechers: None,
                ratio: None,
                eta: None,
                path: String::new(),
                listening: String::new(),
            },
        }
    }

    fn which(name: &str) -> Which {
        Which {
            name: Some(name.into()),
            pid: None,
        }
    }

    fn all() -> Vec<Meant> {
        vec![
            meant(1, "Debian 13", "abcd0000"),
            meant(1, "debian 12", "abcf0000"),
            meant(2, "Debian", "12345678"),
        ]
    }

    fn names(name: &str) -> Vec<String> {
        let fitting = fitting(&which(name), all()).unwrap();
        fitting.into_iter().map(|m| m.torrent.name).collect()
    }

    #[test]
    fn a_part_of_a_name_or_the_beginning_of_a_hash_will_do() {
        assert_eq!(names("13"), ["Debian 13"]);
        assert_eq!(names("debian 1"), ["Debian 13", "debian 12"]);
        assert_eq!(names("ABCF"), ["debian 12"]);
        assert_eq!(names("1234"), ["Debian"]);
        assert!(
            fitting(&which("abc"), all()).is_err(),
            "too short for a hash"
        );
    }

    #[test]
    fn a_whole_name_means_its_torrent_though_it_is_a_part_of_others() {
        assert_eq!(names("Debian"), ["Debian"]);
    }

    #[test]
    fn who_may_be_meant_is_listed() {
        let name = which("debian 1");
        let several = only(&name, fitting(&name, all()).unwrap()).unwrap_err();
        assert_eq!(
            several.line().unwrap(),
            "error: `debian 1` may be Debian 13 (abcd0000, process 1), debian 12 (abcf0000, process 1)"
        );
        let nobody = only(&which("x"), Vec::new()).unwrap_err();
        assert_eq!(nobody.line().unwrap(), format!("error: {NOTHING}"));
        assert_eq!(only(&name, all().split_off(2)).unwrap().process.pid, 2);
    }
}
