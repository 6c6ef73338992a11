use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// A map that forgets what was put in first when it is full.
pub(crate) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    /// The keys in the order in which they came; one that was removed since is passed over.
    order: VecDeque<K>,
    entries_max: usize,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            entries_max,
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        while self.order.len() > self.entries_max {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if self.entries.remove(key).is_some() {
            self.order.retain(|kept| kept != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_goes_when_it_is_full() {
        let mut map = Bounded::new(2);
        for key in [1, 2, 1, 3] {
            map.insert(key, key);
        }
        assert_eq!([1, 2, 3].map(|key| map.get(&key).is_some()), [false, true, true]);
        map.remove(&2);
        map.insert(4, 4);
        assert_eq!([3, 4].map(|key| map.get(&key).is_some()), [true, true]);
    }
}
