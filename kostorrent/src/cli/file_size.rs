//! What happens when a file may not grow any more.

/// From now on a write that would make a file larger than the limit (`ulimit -f`) fails like any
/// other, and is told like any other. Else the system would end us without a word. Programs that we
/// might start are not concerned.
#[cfg(unix)]
pub(crate) fn outlive_limit() {
    let signal = rustix::process::Signal::XFSZ.as_raw();
    // Nobody asks whether it came: the write tells.
    let _ = signal_hook::flag::register(signal, std::sync::Arc::default());
}

/// Windows has no such limit.
#[cfg(not(unix))]
pub(crate) fn outlive_limit() {}
