//! A lab of a transcript's own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::commands::LAB_PORT;
use super::settings::{Lab as Kind, Settings};
use crate::kostorrent;
use crate::process::Process;
use crate::wait::PATIENCE;

/// A lab at work; dropping it ends it.
pub(super) struct Lab {
    /// Its tracker's port, of four digits.
    pub(super) port: u16,
    /// The torrent with that port in it.
    pub(super) torrent: PathBuf,
    _process: Process,
}

impl Lab {
    /// Starts the lab that is asked for, on its usual port if that is free. Its torrent goes into `folder`.
    pub(super) fn start(settings: &Settings, folder: &Path) -> Result<Lab, String> {
        let mut why = String::new();
        for port in free_ports() {
            let mut command = kostorrent::lab(folder);
            command.args(["--port", &port.to_string()]);
            let options: &[&str] = match settings.lab {
                Kind::Slow => &[],
                Kind::Rare => &["--rare"],
                Kind::Trouble => &["--fast", "--trouble"],
                _ => &["--fast"],
            };
            command.args(options);
            if let Some(seeders) = settings.seeders {
                command.args(["--seeders", &seeders.to_string()]);
            }
            let mut process = Process::start("kostorrent lab", &mut command);
            let start = Instant::now();
            while start.elapsed() < PATIENCE {
                let ended = process.ended();
                let ready = process
                    .stdout()
                    .lines()
                    .find_map(|line| line.strip_prefix("READY ")?.split_once(' '))
                    .map(|(_, torrent)| PathBuf::from(torrent));
                if let Some(torrent) = ready {
                    return Ok(Lab {
                        port,
                        torrent,
                        _process: process,
                    });
                }
                if ended.is_some() {
                    break; // perhaps another one took the port
                }
                sleep(Duration::from_millis(10));
            }
            why = process.stderr();
        }
        Err(format!("the lab does not start: {}", why.trim()))
    }
}

/// A port where nobody listens.
pub(super) fn nobody() -> u16 {
    free_ports().next().unwrap_or(LAB_PORT)
}

/// Free ports of four digits: the usual one, and then numbers that nothing else is likely to show.
fn free_ports() -> impl Iterator<Item = u16> {
    [
        LAB_PORT, 7919, 7927, 7933, 7937, 7949, 7951, 7963, 7993, 8009, 8011, 8017, 8039, 8053,
    ]
    .into_iter()
    .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}
