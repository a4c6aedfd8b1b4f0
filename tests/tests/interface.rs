//! `--interface`: everything goes through it, or nothing goes at all.
#![cfg(target_os = "linux")]

use kostorrent_tests::network;
use kostorrent_tests::payload::Payload;
use kostorrent_tests::process::{Finished, Process};
use kostorrent_tests::temp;
use pretty_assertions::assert_eq;

/// Trackers that lead astray before the one that is found: they are at the end of the other wire.
const TRACKERS: [&[&str]; 3] = [
    &["udp://10.77.2.2:80/announce"],
    &["http://10.77.2.2/announce"],
    &["http://tracker.example/announce"],
];

/// Runs a script with a torrent of so many bytes at hand.
fn run(script: &str, length: usize) -> Finished {
    let (payload, full) = (Payload::single("far.bin", length), temp());
    payload.write(full.path());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &TRACKERS).write(&torrent);
    let finished = Process::run(
        "a network",
        &mut network::near(script, &torrent, full.path()),
    );
    finished.expect_code(0);
    finished
}

/// A download with these options; how many packets have left by the other wire, and how often the tracker was asked.
fn download(options: &str) -> (u64, u64) {
    let script = format!(
        r#"
        "$client" download "$torrent" --output /run/out --state /run/mine --no-dht --quiet \
            --peer 10.77.2.2:7000 {options}
        cmp /run/out/far.bin "$full/far.bin"
        echo "sent $(astray) $(grep -c ANNOUNCE /run/far)"
        "#
    );
    let said = run(&script, 3_000_000).stdout;
    let numbers = said.split_once("sent ").expect("numbers").1;
    let mut numbers = numbers.split_whitespace().map(|word| word.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn not_one_packet_leaves_by_another_interface() {
    let Some(()) = network::available() else {
        return;
    };
    for interface in ["--interface a0", "--interface 10.77.1.1"] {
        let (astray, announces) = download(interface);
        assert_eq!(astray, 0, "{interface}");
        // By its name, which was looked up the same way: nobody else leads to the peer on this wire.
        assert!(announces >= 1, "{interface}");
    }
    let (without, _) = download("");
    assert!(without > 0, "else this test shows nothing");
}

#[test]
fn a_transfer_waits_for_its_interface_and_goes_on() {
    let Some(()) = network::available() else {
        return;
    };
    let script = r#"
        "$client" download "$torrent" --output /run/out --state /run/mine --no-dht --json \
            --limit-down 400K --interface a0 >/run/log &
        download=$!
        have() { grep -o '"pieces_have":[0-9]*' /run/log | tail -n 1 | tr -dc 0-9; }
        until [ "$(have)" ] && [ "$(have)" -gt 3 ]; do sleep 0.1; done
        ip link set a0 down
        sleep 1
        before=$(have)
        sleep 5
        echo "while it was down: $(($(have) - before)) pieces, sent $(astray)"
        kill -0 $download
        ip link set a0 up
        wait $download
        cmp /run/out/far.bin "$full/far.bin"
        echo "after that: all, sent $(astray)"
    "#;
    let said = run(script, 3_000_000).stdout;
    assert_eq!(
        said,
        "while it was down: 0 pieces, sent 0\nafter that: all, sent 0\n"
    );
}

#[test]
fn a_seeder_is_reached_again_when_its_interface_has_been_made_anew() {
    let Some(()) = network::available() else {
        return;
    };
    let script = r#"
        "$client" seed "$torrent" --data "$full" --state /run/mine --no-dht --quiet \
            --port 7001 --interface a0 &
        seeder=$!
        until there bash -c 'exec 3<>/dev/tcp/10.77.1.1/7001' 2>/dev/null; do sleep 0.1; done
        # Nobody is let in by the other wire.
        there bash -c 'exec 3<>/dev/tcp/10.77.2.1/7001' 2>/dev/null && echo "a caller by b0"
        ip link del a0
        sleep 2
        ip link add a0 type veth peer name a1 netns "$far"
        ip addr add 10.77.1.1/24 dev a0
        there ip addr add 10.77.1.2/24 dev a1
        ip link set a0 up
        there ip link set a1 up
        until there bash -c 'exec 3<>/dev/tcp/10.77.1.1/7001' 2>/dev/null; do sleep 0.1; done
        kill -0 $seeder
        echo "called again"
    "#;
    assert_eq!(run(script, 100_000).stdout, "called again\n");
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    let (payload, full) = (Payload::single("nowhere.bin", 100_000), temp());
    let torrent = full.path().join("the.torrent");
    payload.torrent(65_536, &[]).write(&torrent);
    let mut command = kostorrent_tests::kostorrent::download(&torrent, full.path());
    command.args(["--interface", "no-such-if0"]);
    let finished = Process::run("kostorrent download", &mut command);
    finished.expect_code(1);
    let sentence = "the interface no-such-if0 is not there, or it is down or has no address";
    assert!(finished.stderr.contains(sentence), "{}", finished.stderr);
}
