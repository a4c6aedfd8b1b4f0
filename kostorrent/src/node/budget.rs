//! How what all torrents share is divided among them: bytes a second, and memory. Pure.

/// What a torrent would do in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Flow {
    /// Bytes a second that it moves now.
    pub rate: u64,
    /// Whether its share is all that holds it back.
    pub held_back: bool,
    /// Bytes a second that it may never exceed.
    pub most: Option<u64>,
}

/// A torrent that is below its share is lent so many bytes a second more than it uses, and a quarter
/// of that: room to show that it could use more.
const STEP: u64 = 64 * 1024;

/// All that is lent together is this part of a limit, at most. It is counted twice, but for the
/// second until the next division: of ten seconds that is a hundredth.
const LENT: u64 = 8;

impl Flow {
    /// Bytes a second that are to be set aside for it: what is held back takes all it is given, the
    /// others what they use.
    fn demand(self) -> u64 {
        let wants = match self.held_back {
            true => u64::MAX,
            false => self.rate,
        };
        wants.min(self.most.unwrap_or(u64::MAX))
    }

    /// Bytes a second that it is lent beside that.
    fn loan(self, most: u64) -> u64 {
        match self.held_back {
            true => 0,
            false => (self.rate / 4).saturating_add(STEP).min(most),
        }
    }
}

/// Divides a limit of bytes a second, max-min fair by demand. What nobody asks for is divided
/// evenly: it is there when somebody wants it. What a torrent does not use is not kept for it, or
/// the others would stay below the limit. Without a limit each has its own.
pub(super) fn speeds(limit: Option<u64>, flows: &[Flow]) -> Vec<Option<u64>> {
    let Some(limit) = limit else {
        return flows.iter().map(|flow| flow.most).collect();
    };
    let count = (flows.len() as u64).max(1);
    let demands: Vec<u64> = flows.iter().map(|flow| flow.demand()).collect();
    let mut shares = max_min(limit, &demands);
    let each = limit.saturating_sub(shares.iter().sum()) / count;
    for (share, flow) in shares.iter_mut().zip(flows) {
        let more = each.max(flow.loan(limit / LENT / count));
        let most = flow.most.unwrap_or(limit).min(limit);
        // One byte a second is still a way forward.
        *share = share.saturating_add(more).min(most).max(1);
    }
    shares.into_iter().map(Some).collect()
}

/// Divides memory for pieces that are being fetched, in bytes, among torrents that still lack so
/// many bytes each, by what they can use of it. Whoever lacks nothing needs none.
pub(super) fn memory(total: u64, left: &[u64]) -> Vec<u64> {
    // In few steps, so that not every piece that comes makes another division.
    let demands: Vec<u64> = left
        .iter()
        .map(|&left| match left {
            0 => 0,
            left => left.checked_next_power_of_two().unwrap_or(u64::MAX),
        })
        .collect();
    let mut shares = max_min(total, &demands);
    let spare = total.saturating_sub(shares.iter().sum());
    let fetching = demands.iter().filter(|&&demand| demand > 0).count();
    for (share, _) in shares.iter_mut().zip(demands).filter(|(_, d)| *d > 0) {
        *share += spare / fetching as u64;
    }
    shares
}

// Max-min fairness: nobody gets more than he asks for, and nobody can get more without somebody
// getting less who has no more than he.
fn max_min(total: u64, demands: &[u64]) -> Vec<u64> {
    let mut shares = vec![0; demands.len()];
    let mut smallest_first: Vec<usize> = (0..demands.len()).collect();
    smallest_first.sort_by_key(|&index| demands[index]);
    let mut left = total;
    for (done, index) in smallest_first.into_iter().enumerate() {
        let even = left / (demands.len() - done) as u64;
        shares[index] = demands[index].min(even);
        left -= shares[index];
    }
    shares
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    const HELD_BACK: Flow = Flow {
        rate: 0,
        held_back: true,
        most: None,
    };
    const IDLE: Flow = Flow {
        rate: 0,
        held_back: false,
        most: None,
    };

    #[test]
    fn small_demands_are_met_and_the_rest_is_shared_evenly() {
        assert_eq!(max_min(100, &[10, 200, 1000]), [10, 45, 45]);
        assert_eq!(max_min(100, &[20, 10, 30]), [20, 10, 30]);
        assert_eq!(max_min(10, &[20, 20, 20]), [3, 3, 4]);
        assert_eq!(max_min(10, &[]), [0; 0]);
    }

    #[test]
    fn one_torrent_has_the_whole_limit_whatever_it_does() {
        for flow in [HELD_BACK, IDLE] {
            assert_eq!(speeds(Some(1_000_000), &[flow]), [Some(1_000_000)]);
        }
        assert_eq!(speeds(None, &[IDLE, HELD_BACK]), [None, None]);
    }

    #[test]
    fn what_an_idle_torrent_leaves_goes_to_those_that_are_held_back() {
        let shares = speeds(Some(3_000_000), &[IDLE, HELD_BACK, HELD_BACK]);
        let half = Some(1_500_000);
        assert_eq!(shares, [Some(STEP), half, half]);
    }

    #[test]
    fn a_torrent_that_uses_little_is_lent_a_little_more_and_the_others_have_the_rest() {
        let slow = Flow {
            rate: 20_000,
            ..IDLE
        };
        let shares = speeds(Some(200_000), &[slow, HELD_BACK]);
        assert_eq!(shares, [Some(20_000 + 12_500), Some(180_000)]);
    }

    #[test]
    fn a_torrent_may_have_a_limit_of_its_own_below_its_share() {
        let own = Flow {
            most: Some(100),
            ..HELD_BACK
        };
        assert_eq!(
            speeds(Some(10_000), &[own, HELD_BACK]),
            [Some(100), Some(9_900)]
        );
        assert_eq!(speeds(None, &[own, HELD_BACK]), [Some(100), None]);
    }

    #[test]
    fn memory_goes_to_those_who_lack_something() {
        assert_eq!(memory(24, &[1]), [24], "one torrent has all of it");
        assert_eq!(memory(24, &[0, 0]), [0, 0]);
        assert_eq!(memory(24, &[0, 1000, 3, 1000]), [0, 10, 4, 10]);
        assert_eq!(memory(24, &[2, 0, 3]), [11, 0, 13], "2 and 4, and 9 each");
    }

    proptest! {
        #[test]
        fn a_division_is_max_min_fair(
            total in 0u64..1_000_000,
            demands in prop::collection::vec(prop_oneof![0u64..1000, 0u64..1_000_000, Just(u64::MAX)], 0..12),
        ) {
            let shares = max_min(total, &demands);
            let all: u64 = shares.iter().sum();
            prop_assert!(all <= total);
            let wanted = demands.iter().fold(0u64, |a, &d| a.saturating_add(d));
            prop_assert_eq!(all, total.min(wanted), "nothing is left while somebody wants more");
            let largest = shares.iter().max().copied().unwrap_or(0);
            for (&share, &demand) in shares.iter().zip(&demands) {
                prop_assert!(share <= demand);
                // A byte of rounding aside, whoever has less than another has all he asked for.
                prop_assert!(share == demand || share + 1 >= largest);
            }
        }

        #[test]
        fn a_limit_is_never_exceeded_and_nobody_is_shut_out(
            limit in 100u64..10_000_000,
            flows in prop::collection::vec((0u64..1_000_000, any::<bool>(), prop::option::of(1u64..100_000)), 1..20),
        ) {
            let flows: Vec<Flow> = flows
                .into_iter()
                .map(|(rate, held_back, most)| Flow { rate, held_back, most })
                .collect();
            let shares = speeds(Some(limit), &flows);
            let all: u64 = shares.iter().flatten().sum();
            let lent = limit / LENT + shares.len() as u64;
            prop_assert!(all <= limit + lent);
            if flows.iter().all(|flow| flow.held_back) {
                prop_assert!(all <= limit);
            }
            prop_assert!(shares.iter().all(|share| share.is_some_and(|share| share <= limit)));
            prop_assert!(shares.iter().all(|share| share.is_some_and(|share| share > 0)));
        }
    }
}
