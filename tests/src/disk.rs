//! A disk that is too small.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;
use crate::skip;

/// Mounts a disk in memory at `$1`, of `$2` KiB, and runs the rest of the words. Then what is on the disk is moved to
/// `$3`, because the disk is gone when this is over.
const SCRIPT: &str = r#"
mount -t tmpfs -o size="$2"k tmpfs "$1" || exit 125
disk=$1 saved=$3
shift 3
"$@"
code=$?
cp -r --sparse=always "$disk"/. "$saved" || exit 125
exit $code
"#;

/// Whether this machine lets us mount a disk, in a namespace of its own that ends with the command; or a skipped test.
#[must_use]
pub fn available() -> Option<()> {
    let (place, saved) = (crate::temp(), crate::temp());
    let nothing = Command::new("true");
    let tried = on_small_disk(&nothing, place.path(), 64, saved.path()).output();
    let works = tried.is_ok_and(|output| output.status.success());
    skip::unless_missing(
        "the right to mount a disk in a namespace (`unshare -rm`)",
        works.then_some(()),
    )
}

/// The command, not started yet, for which there is a disk of so many KiB at `place`. What is on it at the end is copied
/// to `saved`.
#[must_use]
pub fn on_small_disk(command: &Command, place: &Path, kib: u32, saved: &Path) -> Command {
    let mut wrapped = process::command("unshare");
    wrapped.args(["-rm", "sh", "-c", SCRIPT, "sh"]);
    wrapped.arg(place).arg(kib.to_string()).arg(saved);
    then(wrapped, command)
}

/// The same, but something else lies on the disk, of so many KiB, in a file called `filler`.
#[must_use]
pub fn on_filled_disk(
    command: &Command,
    place: &Path,
    kib: u32,
    filler: u32,
    saved: &Path,
) -> Command {
    let script = r#"head -c "$2"k /dev/zero >"$1/filler"; shift 2; exec "$@""#;
    let mut filled = process::command("sh");
    filled.args(["-c", script, "sh"]).arg(place);
    filled.arg(filler.to_string());
    on_small_disk(&then(filled, command), place, kib, saved)
}

/// Where the small disk of a running process can be reached from outside.
#[must_use]
pub fn of_process(id: u32, place: &Path) -> PathBuf {
    let inside = place.strip_prefix("/").unwrap_or(place);
    Path::new("/proc")
        .join(id.to_string())
        .join("root")
        .join(inside)
}

/// The command, not started yet, that may make no file larger than so many KiB.
#[must_use]
pub fn with_small_files(command: &Command, kib: u32) -> Command {
    let mut wrapped = process::command("bash");
    wrapped.args(["-c", r#"ulimit -f "$1" && shift && exec "$@""#, "bash"]);
    wrapped.arg(kib.to_string());
    then(wrapped, command)
}

/// A command that takes the words of another, and its surroundings.
fn then(mut wrapped: Command, command: &Command) -> Command {
    wrapped.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}
