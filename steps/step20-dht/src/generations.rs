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
        if !self.young.contains_key(&key) && self.young.len() >= self.most / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young
            .entry(key)
            .or_insert_with(|| old.remove(&key).unwrap_or_else(new))
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
}
