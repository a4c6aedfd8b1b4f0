//! Exercise 6b: saying `interested` when it is true, and only when it has changed.

use messages::{Bitfield, Message};

// ANCHOR: answer
/// What we have told one peer about our interest in it.
#[derive(Default)]
struct Interest {
    told: bool,
}

impl Interest {
    /// To be called when the peer has a new piece and when we have one: what to say
    /// now, if anything.
    fn update(&mut self, theirs: &Bitfield, ours: &Bitfield) -> Option<Message> {
        let now = theirs.has_any_missing_from(ours);
        if now == self.told {
            return None;
        }
        self.told = now;
        Some(match now {
            true => Message::Interested,
            false => Message::NotInterested,
        })
    }
}
// ANCHOR_END: answer

fn main() {
    let (mut ours, mut theirs) = (Bitfield::new(2), Bitfield::new(2));
    let mut interest = Interest::default();
    theirs.set(1);
    println!("it has piece 1:  {:?}", interest.update(&theirs, &ours));
    ours.set(1);
    println!("we have it too:  {:?}", interest.update(&theirs, &ours));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interest_is_told_when_it_changes_and_not_before() {
        let (mut ours, mut theirs) = (Bitfield::new(3), Bitfield::new(3));
        let mut interest = Interest::default();
        let mut update = |theirs: &Bitfield, ours: &Bitfield| interest.update(theirs, ours);
        // Every connection starts without interest: there is nothing to say.
        assert_eq!(update(&theirs, &ours), None);
        theirs.set(0);
        assert_eq!(update(&theirs, &ours), Some(Message::Interested));
        theirs.set(2);
        assert_eq!(update(&theirs, &ours), None);
        ours.set(0);
        assert_eq!(update(&theirs, &ours), None);
        ours.set(2);
        assert_eq!(update(&theirs, &ours), Some(Message::NotInterested));
        theirs.set(1);
        assert_eq!(update(&theirs, &ours), Some(Message::Interested));
    }
}
