//! What is pure stays pure: by its manifest, so that it is a matter of compiling.

use std::process::Command;

/// What a state machine has no business with: sockets, HTTP, TLS, the command line.
const IMPURE: [&str; 5] = ["tokio", "reqwest", "rustls", "clap", "mio"];

/// The names of all crates that a package is made of, its own included.
fn tree(package: &str, features: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal,build",
            "--target",
            "all",
        ])
        .args(["--prefix", "none", "--format", "{p}", "--package", package])
        .args(features)
        .current_dir(kostorrent_tests::programs::root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package}: {errors}");
    let text = String::from_utf8(output.stdout).expect("names are text");
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_engine_and_the_simulation_are_made_of_nothing_that_reads_a_clock_or_opens_a_socket() {
    for package in [
        "kostorrent-engine",
        "kostorrent-playground",
        "kostorrent-recording",
        "kostorrent-sim",
    ] {
        let tree = tree(package, &[]);
        assert!(tree.iter().any(|name| name == "step11-concurrent-peers"));
        for name in IMPURE {
            assert!(!tree.iter().any(|other| other == name), "{package}: {name}");
        }
    }
}

/// The steps after those of the roadmap, and one that each uses.
const LATER: [(&str, &str); 6] = [
    ("step17-udp-tracker", "step04-tracker"),
    ("step18-magnet", "step01-bencode"),
    ("step19-peer-exchange", "step04-tracker"),
    ("step20-dht", "step04-tracker"),
    ("step21-fast", "step06-bitfield"),
    ("step22-encryption", "step05-handshake"),
];

#[test]
fn the_libraries_of_the_later_steps_are_made_of_nothing_that_opens_a_socket() {
    for (package, uses) in LATER {
        let tree = tree(package, &["--no-default-features"]);
        assert!(tree.iter().any(|name| name == uses), "{package}: {uses}");
        for name in IMPURE.into_iter().chain(["socket2"]) {
            assert!(!tree.iter().any(|other| other == name), "{package}: {name}");
        }
    }
}

#[test]
fn the_same_look_finds_them_in_the_client() {
    let tree = tree("kostorrent", &[]);
    for name in IMPURE {
        assert!(tree.iter().any(|other| other == name), "{name}");
    }
}
