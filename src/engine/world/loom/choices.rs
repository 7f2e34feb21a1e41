//! Choices: what loom cannot explore.

use std::collections::BTreeMap;

use super::Engine;

/// loom cannot explore a choice. Its whole exploration runs once for each assignment of values to the choices, which
/// are known by thread and number.
#[derive(Default)]
pub(super) struct Choices {
    /// In the order in which they were first met: key, how many values, the value.
    assigned: Vec<(u32, usize, usize)>,
    /// Values to begin with, when a token is replayed.
    preset: BTreeMap<u32, usize>,
}

impl Engine {
    /// The value of a choice in this assignment.
    pub(crate) fn choose(&self, key: u32, n: usize) -> usize {
        let Choices { assigned, preset } = &mut *self.choices.borrow_mut();
        match assigned.iter_mut().find(|(k, ..)| *k == key) {
            Some((_, most, value)) => {
                *most = n.max(*most);
                *value % n
            }
            None => {
                let value = preset.get(&key).copied().unwrap_or(0);
                assigned.push((key, n, value));
                value % n
            }
        }
    }

    /// The values of the choices that are not 0, for a token.
    pub(crate) fn assignment(&self) -> BTreeMap<u32, usize> {
        self.choices.borrow().assigned.iter().filter(|(.., value)| *value != 0).map(|&(key, _, v)| (key, v)).collect()
    }

    /// Begins with the values of a token.
    pub(crate) fn preset(&self, values: BTreeMap<u32, usize>) {
        self.choices.borrow_mut().preset = values;
    }

    /// Moves on to the next assignment; false after the last.
    pub(crate) fn next_assignment(&self) -> bool {
        let assigned = &mut self.choices.borrow_mut().assigned;
        while let Some((_, most, value)) = assigned.last_mut() {
            *value += 1;
            if *value < *most {
                return true;
            }
            assigned.pop();
        }
        false
    }

    /// Forgets the assignment: the exploration starts over.
    pub(crate) fn reset_assignment(&self) {
        self.choices.borrow_mut().assigned.clear();
    }
}
