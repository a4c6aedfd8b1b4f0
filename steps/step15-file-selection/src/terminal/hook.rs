//! Something that is done before a panic says what it has to say.

use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

type Former = Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// While it lives, a panic does something first. Then the former hook is put back.
pub struct Hook {
    former: Former,
}

impl Hook {
    /// From now on. The former hook speaks afterwards.
    pub fn before_a_panic(first: fn()) -> Hook {
        let former: Former = panic::take_hook().into();
        let then = former.clone();
        panic::set_hook(Box::new(move |info| {
            first();
            then(info);
        }));
        Hook { former }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // In a panic the hook cannot be changed, and the program ends.
        if !std::thread::panicking() {
            let former = self.former.clone();
            panic::set_hook(Box::new(move |info| former(info)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    static GIVEN_BACK: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn a_panic_gives_back_first_and_the_former_hook_comes_back() {
        let panics = || panic::catch_unwind(|| panic!("on purpose")).is_err();
        let hook = Hook::before_a_panic(|| GIVEN_BACK.store(10, Ordering::Relaxed));
        assert!(panics());
        assert_eq!(GIVEN_BACK.swap(0, Ordering::Relaxed), 10);
        drop(hook);
        assert!(panics());
        let after = GIVEN_BACK.load(Ordering::Relaxed);
        assert_eq!(after, 0, "the former hook does nothing of the kind");
    }
}
