//! A memory that forgets by itself.

use std::collections::BTreeMap;

/// Remembers at most so many, and forgets those first that nobody has asked for longest, about: what
/// was not asked for while half as many others were is forgotten with all of its age.
#[derive(Clone, Debug)]
pub(crate) struct Generations<K, V> {
    most: usize,
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
}

impl<K: Ord + Copy, V> Generations<K, V> {
    pub(crate) fn new(most: usize) -> Generations<K, V> {
        Generations {
            most,
            young: BTreeMap::new(),
            old: BTreeMap::new(),
        }
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.young.get(&key).or_else(|| self.old.get(&key))
    }

    /// What is remembered, which makes it young; or something new.
    pub(crate) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let mut kept = None;
        if !self.young.contains_key(&key) {
            kept = self.old.remove(&key);
            if self.young.len() >= self.most / 2 {
                self.old = std::mem::take(&mut self.young);
            }
        }
        self.young
            .entry(key)
            .or_insert_with(|| kept.unwrap_or_else(new))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn it_never_remembers_more_than_it_may_and_keeps_what_is_in_use() {
        let mut memory = Generations::new(100);
        *memory.entry(7, || 0) = 1;
        for n in 1_000..10_000 {
            memory.entry(n, || 0);
            assert!(memory.len() <= 100);
            assert_eq!(*memory.entry(7, || 0), 1, "in use");
        }
        assert_eq!(memory.get(1_000), None, "forgotten");
        assert_eq!(memory.get(9_999), Some(&0));
    }

    #[test]
    fn who_is_asked_for_at_the_turn_is_remembered() {
        let mut memory = Generations::new(4);
        *memory.entry(1, || 0) = 10;
        memory.entry(2, || 0);
        // 1 and 2 are old from here on, and with 1 the next turn comes.
        memory.entry(3, || 0);
        memory.entry(4, || 0);
        assert_eq!(*memory.entry(1, || 0), 10);
    }
}
