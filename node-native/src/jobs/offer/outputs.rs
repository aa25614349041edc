//! Outputs that requesters may fetch, until they have them.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Bytes of outputs that are kept; of more the oldest batch's go, and their requester has the tasks run again.
const BYTES_MAX: usize = 256 << 20;

/// Outputs by batch and index.
#[derive(Default)]
pub(super) struct Outputs {
    kept: BTreeMap<(u32, u16), Bytes>,
    bytes: usize,
}

impl Outputs {
    pub(super) fn keep(&mut self, assignment: u32, index: u16, output: Bytes) {
        self.bytes += output.len();
        if let Some(before) = self.kept.insert((assignment, index), output) {
            self.bytes -= before.len();
        }
        while self.bytes > BYTES_MAX {
            let Some((_, output)) = self.kept.pop_first() else { return };
            self.bytes -= output.len();
        }
    }

    pub(super) fn find(&self, assignment: u32, index: u16) -> Option<&Bytes> {
        self.kept.get(&(assignment, index))
    }

    pub(super) fn forget(&mut self, assignment: u32) {
        while let Some((key, output)) = self.kept.range((assignment, 0)..=(assignment, u16::MAX)).next() {
            let key = *key;
            self.bytes -= output.len();
            self.kept.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    //! Outputs are there until they are forgotten, or newer ones need their room.

    use super::*;

    #[test]
    fn a_batch_is_forgotten_whole_and_alone() {
        let mut outputs = Outputs::default();
        for (assignment, index) in [(1, 0), (1, 7), (2, 0)] {
            outputs.keep(assignment, index, Bytes::from(vec![assignment as u8; 10]));
        }
        outputs.forget(1);
        assert!(outputs.find(1, 7).is_none() && outputs.find(2, 0).is_some());
        assert_eq!(outputs.bytes, 10);
    }

    #[test]
    fn at_the_bound_the_oldest_go() {
        let mut outputs = Outputs::default();
        let third = Bytes::from(vec![0; BYTES_MAX / 3]);
        (0..4).for_each(|assignment| outputs.keep(assignment, 0, third.clone()));
        assert!(outputs.find(0, 0).is_none() && outputs.find(1, 0).is_some());
        assert_eq!(outputs.bytes, 3 * third.len());
    }
}
