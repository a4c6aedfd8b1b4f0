//! Blocks put together from any cuts, in any order: a request is answered once, and only when every byte has landed.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use blocks::{Landed, Outstanding};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use messages::{BlockHeader, BlockRequest};

#[derive(Arbitrary, Debug)]
enum Step {
    Ask {
        piece: u8,
        offset: u8,
        len: u8,
    },
    Arrive {
        piece: u8,
        offset: u8,
        len: u8,
        split: u8,
    },
    Cancel {
        piece: u8,
        offset: u8,
        len: u8,
    },
    Clear,
}

fn request(piece: u8, offset: u8, len: u8) -> BlockRequest {
    BlockRequest {
        piece: u32::from(piece % 4),
        offset: u32::from(offset),
        len: u32::from(len) + 1,
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let mut outstanding = Outstanding::new();
    // What was asked for, and which bytes of it have landed. A request that is out twice is left to the crate's tests.
    let mut model: BTreeMap<BlockRequest, BTreeSet<u32>> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Ask { piece, offset, len } => {
                let request = request(piece, offset, len);
                if model.len() < blocks::MAX_OUTSTANDING && !model.contains_key(&request) {
                    assert_eq!(outstanding.ask(request), None);
                    model.insert(request, BTreeSet::new());
                }
            }
            Step::Cancel { piece, offset, len } => {
                let request = request(piece, offset, len);
                assert_eq!(
                    outstanding.cancel(&request),
                    model.remove(&request).is_some()
                );
            }
            Step::Clear => {
                outstanding.clear();
                model.clear();
            }
            Step::Arrive {
                piece,
                offset,
                len,
                split,
            } => {
                let BlockRequest { piece, offset, len } = request(piece, offset, len);
                let header = BlockHeader { piece, offset, len };
                let mut at = offset;
                for part in outstanding.arriving(header) {
                    assert!(part.len > 0);
                    if let Some(mut target) = part.target {
                        assert_eq!(
                            (target.request.piece, target.request.offset + target.offset),
                            (piece, at)
                        );
                        assert!(target.offset + part.len <= target.request.len);
                        // A part may itself come in two reads.
                        let first = u32::from(split).min(part.len);
                        for n in [first, part.len - first].into_iter().filter(|&n| n > 0) {
                            let landed = outstanding.landed(target, n);
                            match model.get_mut(&target.request) {
                                None => assert_eq!(landed, Landed::Forgotten),
                                Some(bytes) => {
                                    bytes.extend(target.offset..target.offset + n);
                                    if bytes.len() == target.request.len as usize {
                                        assert_eq!(landed, Landed::Whole(target.request));
                                        model.remove(&target.request);
                                    } else {
                                        assert_eq!(landed, Landed::Partial);
                                    }
                                }
                            }
                            target.offset += n;
                        }
                    }
                    at += part.len;
                }
                assert_eq!(at, offset + len, "the parts are as long as the payload");
            }
        }
        assert_eq!(outstanding.len(), model.len());
        assert!(model.keys().all(|request| outstanding.contains(request)));
    }
});
