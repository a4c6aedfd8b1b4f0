//! Peers that were named by their hosts' names.
//!
//! A name server may be out of reach for a while, and a name may be given to a host later. So a
//! name that leads nowhere is looked up again, ever more rarely; only the first look-up is waited
//! for by a download that has nobody else.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cx::Cx;
use crate::{Action, Report, Time};

/// The pause after the first look-up that failed. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// A host, and the port at which a peer is called there.
struct Host {
    name: String,
    port: u16,
    next: Next,
    pause: Duration,
    /// Why the last look-up failed, if it did.
    lost: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It is looked up then.
    At(Time),
    /// It is being looked up.
    UnderWay,
    /// Its addresses are known.
    Nothing,
}

/// All hosts that were named.
pub(super) struct Names(Vec<Host>);

impl Names {
    /// All are due now.
    pub fn new(names: &[(String, u16)], now: Time) -> Names {
        let mut hosts: Vec<Host> = Vec::new();
        for (name, port) in names {
            if !hosts.iter().any(|host| host.is(name, *port)) {
                hosts.push(Host {
                    name: name.clone(),
                    port: *port,
                    next: Next::At(now),
                    pause: FIRST_PAUSE,
                    lost: None,
                });
            }
        }
        Names(hosts)
    }

    /// Has those looked up that are due.
    pub fn look_up(&mut self, cx: &mut Cx) {
        for host in &mut self.0 {
            if matches!(host.next, Next::At(due) if due <= cx.now) {
                host.next = Next::UnderWay;
                let (name, port) = (host.name.clone(), host.port);
                cx.act(Action::LookUp { name, port });
            }
        }
    }

    /// When the next is due.
    pub fn next_due(&self) -> Option<Time> {
        let due = self.0.iter().filter_map(|host| match host.next {
            Next::At(due) => Some(due),
            Next::UnderWay | Next::Nothing => None,
        });
        due.min()
    }

    /// What came of a look-up: the addresses. That there are none is told once for each name.
    pub fn looked_up(
        &mut self,
        cx: &mut Cx,
        name: &str,
        port: u16,
        result: Result<Vec<SocketAddr>, String>,
    ) -> Vec<SocketAddr> {
        let is_known = self.lost_names().any(|(lost, _)| lost == name);
        let mut hosts = self.0.iter_mut();
        let asked = |host: &&mut Host| host.is(name, port) && host.next == Next::UnderWay;
        let Some(host) = hosts.find(asked) else {
            return Vec::new();
        };
        let why = match result {
            Ok(addrs) if !addrs.is_empty() => {
                host.next = Next::Nothing;
                host.lost = None;
                return addrs;
            }
            Ok(_) => "it has no address".to_owned(),
            Err(why) => why,
        };
        host.next = Next::At(cx.now + host.pause);
        host.pause = (host.pause * 2).min(LONGEST_PAUSE);
        host.lost = Some(why.clone());
        if !is_known {
            let name = name.to_owned();
            cx.report(Report::NameFailed { name, why });
        }
        Vec::new()
    }

    /// Whether the first look-up of a name is under way.
    pub fn has_hope(&self) -> bool {
        let mut hosts = self.0.iter();
        hosts.any(|host| host.lost.is_none() && host.next != Next::Nothing)
    }

    /// A name that leads nowhere, and why.
    pub fn lost(&self) -> Option<(&str, &str)> {
        self.lost_names().next()
    }

    fn lost_names(&self) -> impl Iterator<Item = (&str, &str)> {
        let lost = |host: &Host| host.lost.is_some();
        let hosts = self.0.iter().filter(move |host| lost(host));
        hosts.map(|host| (&*host.name, host.lost.as_deref().unwrap_or_default()))
    }
}

impl Host {
    fn is(&self, name: &str, port: u16) -> bool {
        self.name == name && self.port == port
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    /// What is to be looked up now, and how many names were told.
    fn looked(names: &mut Names, cx: &mut Cx) -> (Vec<(String, u16)>, usize) {
        names.look_up(cx);
        let (mut asked, mut told) = (Vec::new(), 0);
        while let Some(action) = cx.next_action() {
            match action {
                Action::LookUp { name, port } => asked.push((name, port)),
                Action::Report(Report::NameFailed { .. }) => told += 1,
                other => panic!("{other:?}"),
            }
        }
        (asked, told)
    }

    fn fail(names: &mut Names, cx: &mut Cx, port: u16) {
        let found = names.looked_up(cx, "a", port, Err("no such name".into()));
        assert!(found.is_empty());
    }

    #[test]
    fn the_pauses_double_up_to_the_longest() {
        let start = Time::after_start(Duration::ZERO);
        let mut cx = Cx::new(0, false, start);
        let mut names = Names::new(&[("a".into(), 1)], start);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            assert_eq!(looked(&mut names, &mut cx).0, [("a".to_owned(), 1)]);
            let before = cx.now;
            fail(&mut names, &mut cx, 1);
            assert_eq!(looked(&mut names, &mut cx).0, [], "not at once");
            cx.now = names.next_due().unwrap();
            pauses.push(cx.now.since(before).as_secs());
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300]);
    }

    #[test]
    fn a_name_with_two_ports_is_two_look_ups_and_told_once() {
        let start = Time::after_start(Duration::ZERO);
        let mut cx = Cx::new(0, false, start);
        let (one, two) = (("a".to_owned(), 1), ("a".to_owned(), 2));
        let mut names = Names::new(&[one.clone(), two.clone(), one.clone()], start);
        assert!(names.has_hope());
        assert_eq!(looked(&mut names, &mut cx), (vec![one, two.clone()], 0));
        fail(&mut names, &mut cx, 2);
        assert!(names.has_hope(), "the other may still be found");
        assert_eq!(looked(&mut names, &mut cx), (vec![], 1));
        fail(&mut names, &mut cx, 1);
        assert_eq!(looked(&mut names, &mut cx), (vec![], 0));
        assert!(!names.has_hope());

        cx.now = names.next_due().unwrap();
        assert_eq!(looked(&mut names, &mut cx).0.len(), 2);
        assert!(!names.has_hope(), "only first look-ups are waited for");
        let addr = "192.0.2.1:1".parse().unwrap();
        let found = names.looked_up(&mut cx, "a", 1, Ok(vec![addr]));
        assert_eq!(found, [addr]);
        fail(&mut names, &mut cx, 2);
        assert_eq!(names.lost(), Some(("a", "no such name")));
        cx.now = names.next_due().unwrap();
        let again = looked(&mut names, &mut cx);
        assert_eq!(again, (vec![two], 0), "who is found is not looked for");
        names.looked_up(&mut cx, "a", 2, Ok(vec![addr]));
        assert_eq!((names.lost(), names.next_due()), (None, None));
    }
}
