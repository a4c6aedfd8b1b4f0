//! What limits the speed, in a sentence for a person and in a word for a program.

use std::fmt;

use progress::rate;

use super::Bound;

impl Bound {
    /// Which of them it is, in a word for programs: the same for other numbers.
    pub fn kind(&self) -> &'static str {
        match self {
            Bound::Checking => "checking",
            Bound::Paused => "paused",
            Bound::Leaving => "leaving",
            Bound::Offline { .. } => "offline",
            Bound::DiskFault => "disk_fault",
            Bound::LimitDown { .. } => "limit_down",
            Bound::DiskBehind { .. } => "disk_behind",
            Bound::Stalled(_) => "stalled",
            Bound::Choked { .. } => "choked",
            Bound::LastBlocks { .. } => "last_blocks",
            Bound::Poor { .. } => "poor",
            Bound::Starved { .. } => "starved",
            Bound::FewPeers { .. } => "few_peers",
            Bound::Lines { .. } => "lines",
            Bound::LimitUp { .. } => "limit_up",
            Bound::NobodyWants { .. } => "nobody_wants",
            Bound::Giving { .. } => "giving",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Checking => f.write_str("what is on disk is being checked"),
            Bound::Paused => f.write_str("paused: nothing is asked for, and nothing is given"),
            Bound::Leaving => f.write_str("saying goodbye to the trackers"),
            Bound::Offline { interface } => {
                write!(
                    f,
                    "everything waits for the interface {interface}, which is not there"
                )
            }
            Bound::DiskFault => {
                f.write_str("the disk has a fault: nothing is fetched until it is mended")
            }
            Bound::LimitDown { limit } => write!(f, "your limit lets in {}", rate(*limit)),
            Bound::DiskBehind { pieces: 1 } => {
                f.write_str("the disk is behind: a piece waits for it")
            }
            Bound::DiskBehind { pieces } => {
                write!(f, "the disk is behind: {pieces} pieces wait for it")
            }
            Bound::Stalled(why) => write!(f, "{why}"),
            Bound::Choked {
                choking,
                offering,
                rate: given,
            } => {
                write!(f, "{choking} of {offering} peers choke us, ")?;
                match offering - choking {
                    1 => write!(f, "the other one gives {}", rate(*given)),
                    others => write!(f, "the other {others} give {}", rate(*given)),
                }
            }
            Bound::LastBlocks { requests: 0 | 1 } => f.write_str("the last block is on its way"),
            Bound::LastBlocks { requests } => {
                write!(
                    f,
                    "everything is asked for: the last {requests} blocks are on their way"
                )
            }
            Bound::Poor {
                without,
                connected,
                rate: given,
            } => {
                write!(
                    f,
                    "{without} of {connected} peers have nothing that is missing here, "
                )?;
                match connected - without {
                    1 => write!(f, "the other one gives {}", rate(*given)),
                    others => write!(f, "the other {others} give {}", rate(*given)),
                }
            }
            Bound::Starved {
                starved,
                serving,
                rate: given,
            } => write!(
                f,
                "{starved} of {serving} peers could send more, but slower ones hold the pieces; {} \
                 come in",
                rate(*given)
            ),
            Bound::FewPeers {
                serving,
                rate: given,
            } => match serving {
                1 => write!(f, "only one peer serves us, and gives {}", rate(*given)),
                2 => write!(f, "both peers together give {}", rate(*given)),
                few => write!(f, "all {few} peers together give {}", rate(*given)),
            },
            Bound::Lines {
                serving,
                rate: given,
            } => write!(
                f,
                "{serving} peers together give {}, as much as their lines or ours carry",
                rate(*given)
            ),
            Bound::LimitUp { limit } => write!(f, "your limit lets out {}", rate(*limit)),
            Bound::NobodyWants { connected: 0 } => {
                f.write_str("everything is here, and nobody is connected")
            }
            Bound::NobodyWants { connected: 1 } => {
                f.write_str("everything is here, and the one peer connected wants nothing of it")
            }
            Bound::NobodyWants { connected } => write!(
                f,
                "everything is here, and none of {connected} peers wants anything of it"
            ),
            Bound::Giving {
                served,
                interested,
                rate: given,
            } => match (served, interested) {
                (0, 1) => f.write_str("one peer wants something, and waits for its turn"),
                (0, _) => write!(
                    f,
                    "{interested} peers want something, and wait for their turn"
                ),
                (1, 1) => write!(f, "one peer takes {}", rate(*given)),
                (served, all) if served == all => {
                    write!(f, "{all} peers together take {}", rate(*given))
                }
                (served, all) => write!(
                    f,
                    "{served} of {all} peers together take {}, the others wait for their turn",
                    rate(*given)
                ),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_is_a_sentence() {
        let rate = 1_153_434;
        let said = [
            Bound::Choked {
                choking: 9,
                offering: 12,
                rate,
            },
            Bound::Choked {
                choking: 2,
                offering: 3,
                rate,
            },
            Bound::FewPeers { serving: 2, rate },
            Bound::FewPeers { serving: 1, rate },
            Bound::Poor {
                without: 3,
                connected: 4,
                rate,
            },
            Bound::DiskBehind { pieces: 7 },
            Bound::LimitDown { limit: 512_000 },
            Bound::Giving {
                served: 8,
                interested: 20,
                rate,
            },
            Bound::NobodyWants { connected: 0 },
            Bound::Offline {
                interface: "tun0".to_owned(),
            },
        ];
        assert_eq!(
            said.map(|bound| bound.to_string()),
            [
                "9 of 12 peers choke us, the other 3 give 1.1 MiB/s",
                "2 of 3 peers choke us, the other one gives 1.1 MiB/s",
                "both peers together give 1.1 MiB/s",
                "only one peer serves us, and gives 1.1 MiB/s",
                "3 of 4 peers have nothing that is missing here, the other one gives 1.1 MiB/s",
                "the disk is behind: 7 pieces wait for it",
                "your limit lets in 500 KiB/s",
                "8 of 20 peers together take 1.1 MiB/s, the others wait for their turn",
                "everything is here, and nobody is connected",
                "everything waits for the interface tun0, which is not there",
            ]
        );
    }
}
