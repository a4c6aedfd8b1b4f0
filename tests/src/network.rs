//! A network of two machines, each a namespace of its own, with two wires between them.
//!
//! The near side has the interfaces `a0` (10.77.1.1) and `b0` (10.77.2.1), the far side 10.77.1.2 and 10.77.2.2 at the
//! other ends. A name server and a tracker listen at both addresses of the far side, and it seeds what is in a folder.

use std::path::Path;
use std::process::Command;

use crate::process;
use crate::skip;
use crate::{kostorrent, programs};

/// Makes the network; then runs the words of `near` (a shell's) beside the far side. The arguments: the client, a torrent,
/// the folder with its files, the far side's program.
const SCRIPT: &str = r#"
set -eu
client=$1 torrent=$2 full=$3 far_side=$4
mount -t tmpfs tmpfs /run
printf 'nameserver 10.77.1.2\nnameserver 10.77.2.2\n' >/run/resolv.conf
mount --bind /run/resolv.conf "$(readlink -f /etc/resolv.conf)"
ip link set lo up
unshare -n sleep 1000 & far=$!
while [ "$(readlink /proc/$far/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
there() { nsenter -t "$far" -n -- "$@"; }
for wire in a:1 b:2; do
    name=${wire%:*} net=10.77.${wire#*:}
    ip link add "${name}0" type veth peer name "${name}1" netns "$far"
    # Without IPv6, which says something by itself.
    echo 1 >"/proc/sys/net/ipv6/conf/${name}0/disable_ipv6"
    there sysctl -qw "net.ipv6.conf.${name}1.disable_ipv6=1"
    ip addr add "$net.1/24" dev "${name}0"
    there ip addr add "$net.2/24" dev "${name}1"
    ip link set "${name}0" up
    there ip link set "${name}1" up
done
there ip link set lo up
# Each address is found at its own wire alone.
there sysctl -qw net.ipv4.conf.all.arp_ignore=1
ip route add default via 10.77.2.2 dev b0
astray() { grep -c CAME /run/far || true; }
there python3 "$far_side" 7000 b1 10.77.1.2 10.77.2.2 >/run/far 2>/dev/null &
there "$client" seed "$torrent" --data "$full" --state /run/state --no-dht --quiet --port 7000 2>/run/seeder &
until grep -q READY /run/far; do sleep 0.05; done
"#;

/// Whether this machine lets us make one; or a skipped test.
#[must_use]
pub fn available() -> Option<()> {
    let script =
        "ip link add a0 type veth peer name a1 && ip link set a0 up && mount -t tmpfs tmpfs /run";
    let tried = shell(script).output();
    let works = tried.is_ok_and(|output| output.status.success());
    let what = "the right to make a network in a namespace (`unshare -rnm`, `ip`, `nsenter`)";
    skip::unless_missing(what, works.then_some(()))
}

/// A shell in namespaces of its own, in which it is root; all that it starts ends with it.
fn shell(script: &str) -> Command {
    let mut command = process::command("unshare");
    let own = ["-rnmpf", "--kill-child", "--mount-proc"];
    command.args(own).args(["bash", "-c", script, "bash"]);
    command
}

/// Runs a script on the near side, not started yet. It has `$client`, `$torrent`, `there COMMAND`, which runs something
/// on the far side, and `astray`, which counts the packets that have come by `b1`.
#[must_use]
pub fn near(script: &str, torrent: &Path, full: &Path) -> Command {
    let mut command = shell(&format!("{SCRIPT}{script}"));
    command.arg(programs::kostorrent()).arg(torrent).arg(full);
    command.arg(programs::root().join("tests/peers/far_side.py"));
    command.env("XDG_STATE_HOME", kostorrent::state());
    command
}
