//! What a person looks up beside the options: exit codes, the environment, files. `--help` and the
//! man pages say it from the same tables.

use std::fmt::Write as _;

/// Exit codes, and what they mean.
pub(crate) const EXIT_CODES: [(u8, &str); 4] = [
    (0, "done"),
    (1, "failed; one line on stderr says why and what to do"),
    (2, "wrong usage"),
    (130, "interrupted, progress saved"),
];

/// Variables of the environment, those that belong together in one entry.
pub(crate) const ENVIRONMENT: [(&[&str], &str); 13] = [
    (&["NO_COLOR"], "no colour, whatever the terminal can do"),
    (
        &["TERM"],
        "`dumb`: plain lines in place of the live view, as if stderr were no terminal",
    ),
    (
        &["LC_ALL", "LC_CTYPE", "LANG"],
        "the first that is set says whether the terminal shows UTF-8; else the live view draws in ASCII",
    ),
    (
        &["KOSTORRENT_LOG"],
        "what to log on stderr, as --log says it: debug, for one",
    ),
    (
        &["KOSTORRENT_DHT_ROUTERS"],
        "the nodes of the DHT to begin from, as --dht-router says them, separated by commas; or `none`",
    ),
    (
        &["XDG_STATE_HOME"],
        "where it is remembered what is on disk, in a folder `kostorrent`; else in ~/.local/state",
    ),
    (
        &["XDG_RUNTIME_DIR"],
        "where running downloads can be spoken to; else a folder of yours among the temporary files",
    ),
    (
        &["SOURCE_DATE_EPOCH"],
        "the creation date that `create` writes, in seconds since 1970",
    ),
    (
        &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"],
        "the proxy for trackers, also in lower case: [SCHEME://]HOST:PORT with http, https, socks5, \
         socks5h, socks4 or socks4a. Connections to peers do not go through it",
    ),
    (
        &["NO_PROXY"],
        "hosts that are asked directly, separated by commas, also in lower case",
    ),
    (
        &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        "certificates to trust for https trackers, in place of the system's",
    ),
    (
        &["KOSTORRENT_LSD"],
        "where local discovery (BEP 14) looks: `loopback` is this machine alone, `off` nowhere",
    ),
    (
        &["NOTIFY_SOCKET"],
        "set by systemd for a service: it is told when everything is ready, and when it ends",
    ),
];

/// Files and folders that are not named on the command line.
pub(crate) const FILES: [(&str, &str); 5] = [
    (
        "$XDG_RUNTIME_DIR/kostorrent/",
        "the sockets at which `status`, `pause`, `resume` and `stop` speak to what is running. \
         Nobody else may open the folder. Without that variable it is kostorrent-UID in $TMPDIR, or \
         in /tmp",
    ),
    (
        "$XDG_STATE_HOME/kostorrent/INFO-HASH-*.resume",
        "what is on disk of a torrent in a folder, and is durable, so that the next start need not read \
         it. It may be deleted: then everything is read. Without that variable it is below \
         ~/.local/state; --state names another folder",
    ),
    (
        "$XDG_STATE_HOME/kostorrent/dht.dat",
        "the nodes of the DHT that were known at the last end, for the next start. It may be deleted; \
         `dht.lock` beside it says that somebody writes it",
    ),
    (
        ".INFO-HASH.parts",
        "in the folder of a download with --files: bytes of unwanted files that came with a piece. \
         It goes when nothing needs it",
    ),
    (
        ".kostorrent-*.unfinished",
        "a torrent file that `create` was writing when it was killed: it may be deleted",
    ),
];

/// What stands under `kostorrent --help`.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in EXIT_CODES {
        let _ = writeln!(text, "    {code:<4} {meaning}");
    }
    text.push_str("\nEnvironment:\n");
    for (names, meaning) in ENVIRONMENT {
        let _ = writeln!(text, "    {}\n        {meaning}", names.join(", "));
    }
    text.push_str("\nFiles:\n");
    for (name, meaning) in FILES {
        let _ = writeln!(text, "    {name}\n        {meaning}");
    }
    text + "\n`kostorrent COMMAND --help` tells more about a command."
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::cli::failure::Failure;
    use crate::whole_file;

    #[test]
    fn the_exit_codes_are_those_that_there_are() {
        let words = String::new;
        let mut codes: Vec<u8> = [
            Failure::ClosedPipe,
            Failure::Failed(words()),
            Failure::Said,
            Failure::Usage(words()),
            Failure::Interrupted(words()),
            Failure::Unheard,
        ]
        .iter()
        .map(Failure::code)
        .collect();
        codes.dedup();
        assert_eq!(codes, EXIT_CODES.map(|(code, _)| code));
    }

    /// All Rust files below a folder.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }

    /// The names in capitals that stand between quotes, anywhere behind the start of a line.
    fn quoted_capitals(text: &str) -> impl Iterator<Item = &str> {
        let capital = |c: char| c.is_ascii_uppercase() || c == '_';
        text.split('"')
            .skip(1)
            .step_by(2)
            .filter(move |word| word.len() > 3 && word.chars().all(capital))
    }

    #[test]
    fn every_variable_that_is_read_is_named_and_every_named_one_is_read() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in [
            "src",
            "../steps/step04-tracker/src",
            "../steps/step14-pause-resume/src",
            "../steps/step15-file-selection/src",
        ] {
            sources(&here.join(folder), &mut files);
        }
        let named: Vec<&str> = ENVIRONMENT
            .iter()
            .flat_map(|entry| entry.0)
            .copied()
            .collect();
        let mut read = Vec::new();
        for path in files
            .iter()
            .filter(|path| !path.ends_with("cli/reference.rs"))
        {
            let text = fs::read_to_string(path).unwrap();
            for line in text.lines() {
                let reads = ["var(\"", "var_os(\"", "VARIABLE: &str"]
                    .iter()
                    .any(|it| line.contains(it));
                for name in quoted_capitals(line) {
                    assert!(
                        !reads || named.contains(&name) || name == "PATH",
                        "{}: {name} is read and not named",
                        path.display()
                    );
                    read.push(name.to_owned());
                }
            }
        }
        // The system's certificates are found by a library.
        for name in named.iter().filter(|name| !name.starts_with("SSL_CERT_")) {
            assert!(
                read.iter().any(|it| it == name),
                "{name} is named and not read"
            );
        }
    }

    #[test]
    fn the_files_have_the_names_that_are_told() {
        let told = |part: &str| FILES.iter().any(|(name, _)| *name == part);
        let parts = storage::part_file_name(&[0xab; 20]);
        assert!(
            told(&parts.replace(&"ab".repeat(20), "INFO-HASH")),
            "{parts}"
        );
        let unfinished = ".kostorrent-*.unfinished";
        assert!(told(unfinished));
        assert!(whole_file::is_unfinished(&unfinished.replace('*', "1")));
    }

    #[test]
    fn the_resume_files_have_the_names_that_are_told() {
        let name = resume::name(metainfo::InfoHash([0xab; 20]), b"/x");
        let (info_hash, rest) = name.split_at(40);
        assert_eq!(info_hash, "ab".repeat(20));
        let told = FILES
            .iter()
            .any(|(told, _)| told.ends_with("INFO-HASH-*.resume"));
        assert!(
            told && rest.starts_with('-') && rest.ends_with(".resume"),
            "{name}"
        );
    }

    #[test]
    fn the_help_has_every_table() {
        let help = help();
        for part in [
            "130  interrupted",
            "    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY\n",
            "\nFiles:\n",
        ] {
            assert!(help.contains(part), "{help}");
        }
    }
}
