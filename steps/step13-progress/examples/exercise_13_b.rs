//! Exercise 13b: a rate by exponential decay, in two numbers instead of twenty.

// ANCHOR: answer
/// A rate that forgets: what came `memory` seconds ago counts for 37 %.
struct Decaying {
    memory: f64,
    /// What is remembered of all bytes so far, and since when.
    sum: f64,
    at: f64,
}

impl Decaying {
    fn add(&mut self, now: f64, bytes: f64) {
        self.sum = self.sum * (-(now - self.at) / self.memory).exp() + bytes;
        self.at = now;
    }

    /// Bytes a second. A steady stream of one byte a second is remembered as `memory` bytes.
    fn per_second(&self, now: f64) -> f64 {
        self.sum * (-(now - self.at) / self.memory).exp() / self.memory
    }
}
// ANCHOR_END: answer

fn main() {
    let mut rate = Decaying {
        memory: 3.0,
        sum: 0.0,
        at: 0.0,
    };
    for tenth in 0..300 {
        let now = f64::from(tenth) / 10.0;
        rate.add(now, if tenth < 150 { 100.0 } else { 0.0 });
        if tenth % 30 == 29 {
            println!("{now:>5} s {:>6.0} bytes a second", rate.per_second(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_its_rate_and_silence_fades() {
        let mut rate = Decaying {
            memory: 3.0,
            sum: 0.0,
            at: 0.0,
        };
        for hundredth in 0..3000 {
            rate.add(f64::from(hundredth) / 100.0, 10.0);
        }
        assert!((rate.per_second(30.0) - 1000.0).abs() < 10.0);
        assert!((rate.per_second(33.0) - 368.0).abs() < 10.0);
        // The price: at the beginning it is far too low.
        let mut young = Decaying {
            memory: 3.0,
            sum: 0.0,
            at: 0.0,
        };
        young.add(1.0, 1000.0);
        assert!(young.per_second(1.0) < 400.0);
        main();
    }
}
