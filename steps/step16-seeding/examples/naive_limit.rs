//! Three ways to send no more than so many bytes a second, with timers as they are: a little late.
//!
//! `cargo run -p step16-seeding --example naive_limit`

/// Bytes of a block.
const BLOCK: u64 = 16 * 1024;

/// How late a timer wakes us, in microseconds.
const LATE: u64 = 1_000;

/// How long we look, in microseconds.
const SPAN: u64 = 10_000_000;

/// When each block went, in microseconds from the beginning.
type Sent = Vec<u64>;

// ANCHOR: pause
/// After each block, sleep as long as it is to take.
fn pause_after_each(rate: u64) -> Sent {
    let pause = BLOCK * 1_000_000 / rate + LATE;
    let (mut now, mut sent) = (pause, Vec::new());
    while now < SPAN {
        sent.push(now);
        now += pause;
    }
    sent
}
// ANCHOR_END: pause

// ANCHOR: ration
/// A ration for each second, sent at once; then sleep until the second is over.
fn ration_each_second(rate: u64) -> Sent {
    let (mut now, mut sent) = (0, Vec::new());
    while now < SPAN {
        sent.extend(std::iter::repeat_n(now, (rate / BLOCK) as usize));
        now = (now / 1_000_000 + 1) * 1_000_000 + LATE;
    }
    sent
}
// ANCHOR_END: ration

// ANCHOR: bucket
/// A bucket that fills by the clock, whenever we happen to look.
fn bucket(rate: u64) -> Sent {
    let (mut now, mut filled, mut level) = (0, 0, 0);
    let mut sent = Vec::new();
    while now < SPAN {
        // What it gains in a tenth of a second, and a block, is all that it holds.
        level = (level + rate * (now - filled) / 1_000_000).min(rate / 10 + BLOCK);
        filled = now;
        while level >= BLOCK {
            level -= BLOCK;
            sent.push(now);
        }
        now += (BLOCK - level) * 1_000_000 / rate + LATE;
    }
    sent
}
// ANCHOR_END: bucket

/// The most bytes in any hundred milliseconds.
fn most_at_once(sent: &Sent) -> u64 {
    // They are in order: those from here to a tenth of a second later.
    let within = |from: usize| sent.partition_point(|&at| at < sent[from] + 100_000) - from;
    let most = (0..sent.len()).map(within).max();
    most.unwrap_or(0) as u64 * BLOCK
}

fn main() {
    println!("      limit   how                   in ten seconds   most in 100 ms");
    for rate in [100, 1_000, 10_000].map(|kib| kib * 1024) {
        for (name, sent) in [
            ("a pause after each", pause_after_each(rate)),
            ("a ration a second", ration_each_second(rate)),
            ("a bucket", bucket(rate)),
        ] {
            let share = sent.len() as u64 * BLOCK * 1000 / (10 * rate);
            println!(
                "{:>6} KiB/s   {name:<20}{:>12}.{} %{:>13} KiB",
                rate / 1024,
                share / 10,
                share % 10,
                most_at_once(&sent) / 1024
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes in ten seconds, in thousandths of the limit.
    fn share(sent: &Sent, rate: u64) -> u64 {
        sent.len() as u64 * BLOCK * 1000 / (10 * rate)
    }

    #[test]
    fn only_the_bucket_is_exact_and_even() {
        for rate in [100, 1_000, 10_000].map(|kib| kib * 1024) {
            let sent = bucket(rate);
            assert!((980..=1000).contains(&share(&sent, rate)), "{rate}");
            assert!(most_at_once(&sent) <= rate / 5 + BLOCK);
        }
        let fast = 10_000 * 1024;
        assert!(share(&pause_after_each(fast), fast) < 650);
        assert!(most_at_once(&ration_each_second(fast)) > fast * 9 / 10);
        main();
    }
}
