//! The network is gone: the interface that everything is to go through is not there (`--interface`).
//!
//! Whoever drives the engine sees to it that nothing goes by another way. Here nobody is called meanwhile and
//! nothing is given up: what cannot be tried has not failed.

use crate::leaving::Stage;
use crate::timers::Timer;
use crate::{Engine, Report};

impl Engine {
    /// The interface is not there.
    pub(crate) fn interface_gone(&mut self, interface: String) {
        if self.stage == Stage::Running && self.offline.is_none() {
            self.offline = Some(interface.clone());
            self.cx.report(Report::InterfaceGone { interface });
        }
    }

    /// It is there again: whoever was lost meanwhile is called again.
    pub(crate) fn interface_back(&mut self, interface: String) {
        if self.stage != Stage::Running || self.offline.take().is_none() {
            return;
        }
        let now = self.cx.now;
        self.cx.report(Report::InterfaceBack { interface });
        self.discovery.list.wake(now);
        self.cx.timers.set_earlier(Timer::Dial, now);
        self.cx.timers.set_earlier(Timer::Search, now);
        self.stalled_again();
    }
}
