//! A test in a network of its own: a namespace that has nothing but loopback, and no way out.
//!
//! A program that calls nobody on loopback can be tried there at addresses that are none, one that speaks to a whole
//! network has one to itself, and of what passes nothing is anybody else's.

use std::env;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::process::{self, Process};
use crate::wait::{self, PATIENCE};
use crate::{network, programs, skip};

/// Who has this in its environment is inside.
const INSIDE: &str = "KOSTORRENT_TESTS_ALONE";

/// An address of this machine in the network that [`alone`] makes: 10.78.0.1 to 10.78.0.9 are there, on the loopback
/// interface. Whoever does not say which one he calls from calls from the first.
#[must_use]
pub fn address(last: u8) -> Ipv4Addr {
    assert!((1..10).contains(&last), "10.78.0.{last} is not there");
    Ipv4Addr::new(10, 78, 0, last)
}

/// Runs a test in a network of its own: the test's program is started once more, in namespaces, for this test alone.
///
/// # Panics
///
/// When the test fails there.
pub fn alone(test: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        run("ip link set lo up");
        for last in 1..10 {
            run(&format!("ip addr add {}/24 dev lo", address(last)));
        }
        return test();
    }
    let Some(()) = network::available() else {
        return;
    };
    // What is not built yet is built out here.
    let _ = programs::kostorrent();
    let name = skip::test_name();
    let mut command = process::command("unshare");
    command
        .args(["-rnmpf", "--kill-child", "--mount-proc"])
        .arg(env::current_exe().expect("the path of this program"))
        .args(["--exact", &name, "--nocapture", "--test-threads", "2"])
        .env(INSIDE, "1");
    let finished = Process::start(&name, &mut command).finish_within(2 * PATIENCE);
    finished.expect_code(0);
    assert!(
        finished.stdout.contains("1 passed"),
        "{} was not run",
        finished.stdout
    );
    // What it has to say of what it skipped.
    eprint!("{}", finished.stderr);
}

/// Has the system change something about its network.
///
/// # Panics
///
/// When it refuses.
pub fn run(words: &str) {
    let mut words = words.split(' ');
    let mut command = Command::new(words.next().expect("a program"));
    let output = command.args(words).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Another machine, at the other end of a wire: this end has [`Machine::OURS`], and that one [`Machine::ITS`].
/// Multicasts go over the wire, too. To be made inside [`alone`].
#[derive(Debug)]
pub struct Machine {
    its: File,
    ours: File,
    _holder: Process,
}

impl Machine {
    /// This machine, at the wire.
    pub const OURS: Ipv4Addr = Ipv4Addr::new(10, 79, 0, 1);
    /// The other one.
    pub const ITS: Ipv4Addr = Ipv4Addr::new(10, 79, 0, 2);

    /// Sets one up.
    ///
    /// # Panics
    ///
    /// When that fails.
    #[must_use]
    pub fn new() -> Machine {
        // A network lasts as long as somebody is in it.
        let mut command = process::command("unshare");
        let holder = Process::start("another machine", command.args(["-n", "sleep", "1000"]));
        let network = |id: &str| format!("/proc/{id}/ns/net");
        let name = |id: &str| fs::read_link(network(id)).ok();
        let id = holder.id().to_string();
        wait::until_true("another network", || name(&id) != name("self"));
        let open = |id: &str| File::open(network(id)).expect("a network");
        let machine = Machine {
            its: open(&id),
            ours: open("self"),
            _holder: holder,
        };
        run(&format!(
            "ip link add wire type veth peer name wire netns {id}"
        ));
        // IPv6 says something by itself.
        let end = |address: Ipv4Addr| {
            run("sysctl -qw net.ipv6.conf.wire.disable_ipv6=1");
            run(&format!("ip addr add {address}/24 dev wire"));
            run("ip link set lo up");
            run("ip link set wire up");
            run("ip route add 224.0.0.0/4 dev wire");
        };
        end(Machine::OURS);
        machine.there(|| end(Machine::ITS));
        machine
    }

    /// Does something on the other machine. What is started there stays there.
    ///
    /// # Panics
    ///
    /// When there is no way to it, or back.
    pub fn there<T>(&self, work: impl FnOnce() -> T) -> T {
        let enter = |network: &File| {
            let kind = Some(LinkNameSpaceType::Network);
            move_into_link_name_space(network.as_fd(), kind).expect("a network to enter");
        };
        enter(&self.its);
        let done = work();
        enter(&self.ours);
        done
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}
