//! What the system says of a file: by this it is known again at the next start.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

/// After so long a change shows in the time of a file that has fractions of a second. Systems take
/// that time from a clock that ticks every 1 to 10 ms; FAT's youngest relative, exFAT, counts in
/// steps of 10 ms.
pub const FINE_TICK: Duration = Duration::from_millis(100);

/// The same where the time is a whole second. FAT counts in steps of two seconds; the rest is for
/// the system's own clock, which ticks too.
pub const COARSE_TICK: Duration = Duration::from_millis(2_100);

/// A date: seconds since 1970-01-01 UTC, and nanoseconds on top, less than a second. It may be
/// before 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime {
    seconds: i64,
    nanos: u32,
}

impl UnixTime {
    /// `None` where the nanoseconds are a second or more.
    pub fn new(seconds: i64, nanos: u32) -> Option<UnixTime> {
        (nanos < 1_000_000_000).then_some(UnixTime { seconds, nanos })
    }

    /// The beginning of a second.
    pub fn from_seconds(seconds: i64) -> UnixTime {
        UnixTime { seconds, nanos: 0 }
    }

    /// Seconds since 1970-01-01 UTC, rounded down.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The rest, in nanoseconds: less than a second.
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// So much later; at most the end of time.
    pub fn plus(self, span: Duration) -> UnixTime {
        let nanos = self.nanos + span.subsec_nanos();
        let carry = i64::from(nanos / 1_000_000_000);
        UnixTime {
            seconds: self
                .seconds
                .saturating_add_unsigned(span.as_secs())
                .saturating_add(carry),
            nanos: nanos % 1_000_000_000,
        }
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub fn since(self, earlier: UnixTime) -> Duration {
        let nanos =
            |time: UnixTime| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        let span = (nanos(self) - nanos(earlier)).max(0);
        let seconds = u64::try_from(span / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(seconds, (span % 1_000_000_000) as u32)
    }
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> UnixTime {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => UnixTime::from_seconds(0).plus(after),
            Err(error) => {
                let before = error.duration();
                let whole = 0i64.saturating_sub_unsigned(before.as_secs());
                match before.subsec_nanos() {
                    0 => UnixTime::from_seconds(whole),
                    nanos => UnixTime {
                        seconds: whole.saturating_sub(1),
                        nanos: 1_000_000_000 - nanos,
                    },
                }
            }
        }
    }
}

// ANCHOR: stamp
/// How a file was at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length, in bytes.
    pub length: u64,
    /// When it was last written to, by the clock of whoever keeps the file.
    pub modified: UnixTime,
    /// Its number in its file system (the inode), where the system has such numbers. A copy has
    /// another.
    ///
    /// The number of the *device* is left out: systems deal those out anew at each start, in
    /// whatever order disks answer, and 100 GiB would be read for that.
    pub number: Option<u64>,
    /// When anything of it was last changed: bytes, rights, names, or that time (the ctime), where
    /// the system keeps that. Nobody can set it, so it shows who has written and set the time back.
    pub changed: Option<UnixTime>,
}
// ANCHOR_END: stamp

impl Stamp {
    /// What the system has said of a file; `None` of what is no file, and where no time is known.
    pub fn of(found: &Metadata) -> Option<Stamp> {
        let modified = found.modified().ok()?;
        found.is_file().then(|| Stamp {
            length: found.len(),
            modified: modified.into(),
            number: number(found),
            changed: changed(found),
        })
    }

    /// Whether it is the same file, as far as numbers tell.
    ///
    /// FAT has no such numbers: the system makes some up, and others the next time. So there they are
    /// not compared.
    pub fn is_same_file(&self, other: &Stamp) -> bool {
        match (self.number, other.number) {
            (Some(one), Some(two)) => one == two || (self.is_like_fat() && other.is_like_fat()),
            _ => true,
        }
    }

    /// Whether it is probably on FAT, where time goes in steps of two seconds, and that of a change in
    /// steps of 10 ms if not of two seconds too. The first alone says nothing: every second file that
    /// was unpacked from an archive has such a time. The other is dealt out by the system.
    fn is_like_fat(&self) -> bool {
        let is_even = self.modified.nanos == 0 && self.modified.seconds % 2 == 0;
        let is_coarse = |changed: UnixTime| changed.nanos.is_multiple_of(10_000_000);
        is_even && self.changed.is_some_and(is_coarse)
    }

    // ANCHOR: tick
    /// How long after a write the next one certainly gets another time.
    ///
    /// A file that is written to twice within one tick of its clock shows the same time after both.
    /// Whoever looks in between holds a stamp that fits what comes later: git calls such an entry
    /// of its index "racily clean".
    pub fn tick(&self) -> Duration {
        match self.modified.nanos {
            0 => COARSE_TICK,
            _ => FINE_TICK,
        }
    }
    // ANCHOR_END: tick
}

#[cfg(unix)]
fn number(found: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(found))
}

#[cfg(not(unix))]
fn number(_found: &Metadata) -> Option<u64> {
    None
}

#[cfg(unix)]
fn changed(found: &Metadata) -> Option<UnixTime> {
    use std::os::unix::fs::MetadataExt;
    UnixTime::new(found.ctime(), found.ctime_nsec().try_into().ok()?)
}

#[cfg(not(unix))]
fn changed(_found: &Metadata) -> Option<UnixTime> {
    None
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn at(seconds: i64, nanos: u32) -> UnixTime {
        UnixTime::new(seconds, nanos).unwrap()
    }

    #[test]
    fn dates_before_1970_and_after_are_counted_alike() {
        let epoch = SystemTime::UNIX_EPOCH;
        let half = Duration::from_millis(1_500);
        assert_eq!(UnixTime::from(epoch + half), at(1, 500_000_000));
        assert_eq!(UnixTime::from(epoch - half), at(-2, 500_000_000));
        assert_eq!(UnixTime::from(epoch - Duration::from_secs(3)), at(-3, 0));
        assert_eq!(at(-2, 500_000_000).plus(half), at(0, 0));
        assert_eq!(at(0, 0).since(at(-2, 500_000_000)), half);
        assert_eq!(at(-2, 0).since(at(0, 0)), Duration::ZERO);
    }

    #[test]
    fn time_ends_and_nothing_overflows() {
        let end = at(i64::MAX, 999_999_999);
        assert_eq!(end.plus(Duration::MAX).seconds(), i64::MAX);
        assert_eq!(
            end.since(at(i64::MIN, 0)),
            Duration::new(u64::MAX, 999_999_999)
        );
        assert_eq!(UnixTime::new(0, 1_000_000_000), None);
    }

    fn stamp(modified: UnixTime, number: Option<u64>, changed: Option<UnixTime>) -> Stamp {
        Stamp {
            length: 1,
            modified,
            number,
            changed,
        }
    }

    #[test]
    fn numbers_are_compared_but_where_they_are_made_up() {
        let is_same = |time, changed, numbers: [Option<u64>; 2]| {
            let [one, two] = numbers.map(|number| stamp(time, number, changed));
            one.is_same_file(&two)
        };
        let (fine, even) = (at(1_000, 5), at(1_000, 0));
        assert!(is_same(fine, Some(fine), [Some(1), Some(1)]));
        assert!(!is_same(fine, Some(fine), [Some(1), Some(2)]));
        assert!(is_same(fine, Some(fine), [None, Some(2)]));
        // On FAT.
        for changed in [at(1_000, 0), at(1_001, 70_000_000)] {
            assert!(is_same(even, Some(changed), [Some(1), Some(2)]));
        }
        assert!(!is_same(at(1_001, 0), Some(even), [Some(1), Some(2)]));
        // Unpacked from an archive, which knows whole seconds.
        assert!(!is_same(even, Some(fine), [Some(1), Some(2)]));
        assert!(!is_same(even, None, [Some(1), Some(2)]));
    }

    #[test]
    fn a_whole_second_is_taken_for_a_coarse_clock() {
        let tick = |nanos| stamp(at(1_000, nanos), None, None).tick();
        assert_eq!((tick(0), tick(1)), (COARSE_TICK, FINE_TICK));
    }
}
