//! Whether the interface is there: looked at once for all torrents, and told to each.

use engine::Event;
use tokio::sync::watch;

use super::{LOOK, Route};

/// What there is to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::node) enum Change {
    /// The interface of this name has vanished.
    Gone(String),
    /// It is there again.
    Back(String),
}

impl From<Change> for Event {
    fn from(change: Change) -> Event {
        match change {
            Change::Gone(interface) => Event::InterfaceGone { interface },
            Change::Back(interface) => Event::InterfaceBack { interface },
        }
    }
}

/// One who is told.
#[derive(Clone)]
pub(in crate::node) struct Presence {
    interface: String,
    is_there: watch::Receiver<bool>,
    /// What was told last. At the beginning it is there, for all that is known.
    told: bool,
}

impl Presence {
    /// Of a route, and what is to be done for it; that never ends. Without an interface nothing ever changes.
    pub fn of(route: &Route) -> (Presence, impl Future<Output = ()> + 'static) {
        let interface = route.interface.clone();
        let (tells, is_there) = watch::channel(true);
        let presence = Presence {
            interface: interface
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            is_there,
            told: true,
        };
        let looks = async move {
            while let Some(interface) = &interface {
                tells.send_if_modified(|last| {
                    let now = interface.find().is_some();
                    std::mem::replace(last, now) != now
                });
                tokio::time::sleep(LOOK).await;
            }
        };
        (presence, looks)
    }

    /// Waits for the next change.
    pub async fn changed(&mut self) -> Change {
        let told = self.told;
        if self
            .is_there
            .wait_for(|&is_there| is_there != told)
            .await
            .is_err()
        {
            // There is none.
            std::future::pending::<()>().await;
        }
        self.told = !told;
        match self.told {
            true => Change::Back(self.interface.clone()),
            false => Change::Gone(self.interface.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    async fn soon(presence: &mut Presence) -> Option<Change> {
        let wait = Duration::from_secs(60);
        tokio::time::timeout(wait, presence.changed()).await.ok()
    }

    fn route(interface: &str) -> Route {
        Route {
            interface: Some(interface.parse().unwrap()),
            proxy: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_not_there_is_told_once_to_each() {
        let (presence, looks) = Presence::of(&route("no-such-if0"));
        let told = async {
            for mut one in [presence.clone(), presence.clone()] {
                let gone = Change::Gone("no-such-if0".to_owned());
                assert_eq!(soon(&mut one).await, Some(gone));
                assert_eq!(soon(&mut one).await, None);
            }
        };
        tokio::select! {
            () = told => {}
            () = looks => panic!("it never ends"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_comes_and_goes_is_told_each_time() {
        let (is_there, seen) = watch::channel(true);
        let mut presence = Presence {
            interface: "tun0".to_owned(),
            is_there: seen,
            told: true,
        };
        assert_eq!(soon(&mut presence).await, None);
        let name = || "tun0".to_owned();
        is_there.send_replace(false);
        assert_eq!(soon(&mut presence).await, Some(Change::Gone(name())));
        is_there.send_replace(true);
        assert_eq!(soon(&mut presence).await, Some(Change::Back(name())));
        assert_eq!(soon(&mut presence).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn where_none_is_named_or_it_is_there_nothing_is_told() {
        for route in [Route::default(), route("127.0.0.1")] {
            let (mut presence, looks) = Presence::of(&route);
            let looks = async {
                looks.await;
                std::future::pending().await
            };
            tokio::select! {
                told = soon(&mut presence) => assert_eq!(told, None),
                () = looks => {}
            }
        }
    }
}
