//! How many files this program may have open.

/// Takes all the open files that the system allows if asked: connections are files, too. What is
/// refused is left as it was.
#[cfg(unix)]
pub(crate) fn raise_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Windows counts otherwise.
#[cfg(not(unix))]
pub(crate) fn raise_limit() {}
