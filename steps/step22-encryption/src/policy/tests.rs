use pretty_assertions::assert_eq;

use super::*;
use crate::Method;

const ALL: [Policy; 3] = [Policy::Allow, Policy::Require, Policy::Off];
const WAYS: [Way; 2] = [Way::Plain, Way::Encrypted];
const SETBACKS: [Setback; 5] = [
    Setback::NoConnection,
    Setback::HungUp,
    Setback::OtherWay,
    Setback::Silent,
    Setback::NotForUs,
];

#[test]
fn plain_text_comes_first_where_both_are_allowed() {
    assert_eq!(Policy::Allow.first(None), Way::Plain);
    assert_eq!(Policy::Require.first(None), Way::Encrypted);
    assert_eq!(Policy::Off.first(None), Way::Plain);
}

#[test]
fn what_is_known_of_a_peer_counts_only_where_both_are_allowed() {
    for known in WAYS {
        assert_eq!(Policy::Allow.first(Some(known)), known);
        assert_eq!(Policy::Require.first(Some(known)), Way::Encrypted);
        assert_eq!(Policy::Off.first(Some(known)), Way::Plain);
    }
}

#[test]
fn who_hangs_up_is_tried_once_more_the_other_way() {
    for first in WAYS {
        for setback in [Setback::HungUp, Setback::OtherWay] {
            let second = Policy::Allow.second(first, setback);
            assert_eq!(second, Some(first.other()));
        }
    }
}

#[test]
fn who_is_not_there_or_does_not_answer_or_is_not_for_us_is_not_tried_again() {
    for first in WAYS {
        for setback in [Setback::NoConnection, Setback::Silent, Setback::NotForUs] {
            assert_eq!(Policy::Allow.second(first, setback), None, "{setback:?}");
        }
    }
}

#[test]
fn there_is_no_second_way_where_only_one_is_allowed() {
    for policy in [Policy::Require, Policy::Off] {
        for setback in SETBACKS {
            let first = policy.first(None);
            assert_eq!(policy.second(first, setback), None, "{policy} {setback:?}");
        }
    }
}

#[test]
fn callers_are_answered_their_way_or_turned_away() {
    use Opening::{Encrypted, NeedMore, Plain};
    let table = [
        (Policy::Allow, Plain, Answer::Plain),
        (Policy::Allow, Encrypted, Answer::Encrypted),
        (
            Policy::Require,
            Plain,
            Answer::Refuse(Refusal::NotEncrypted),
        ),
        (Policy::Require, Encrypted, Answer::Encrypted),
        (Policy::Off, Plain, Answer::Plain),
        (Policy::Off, Encrypted, Answer::Refuse(Refusal::Encrypted)),
    ];
    for (policy, opening, answer) in table {
        assert_eq!(policy.answer(opening), answer, "{policy} {opening:?}");
    }
    for policy in ALL {
        assert_eq!(policy.answer(NeedMore), Answer::Wait);
    }
}

#[test]
fn who_requires_encryption_neither_offers_nor_takes_plain_text() {
    let methods = Policy::Require.methods();
    assert!(methods.contain(Method::Rc4) && !methods.contain(Method::Plain));
    assert_eq!(Policy::Allow.methods(), Methods::BOTH);
    assert_eq!(Policy::Off.methods().cheapest(), None);
}

#[test]
fn a_policy_is_read_as_it_is_written() {
    for policy in ALL {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    let error = "always".parse::<Policy>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "encryption is one of allow, require and off, not `always`"
    );
}
