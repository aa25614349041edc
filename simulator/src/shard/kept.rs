//! The messages of the topic that a shell keeps for whoever missed one.

use std::collections::VecDeque;
use std::sync::Arc;

/// Whole messages by their names; the oldest one is forgotten.
#[derive(Default)]
pub(super) struct Kept(VecDeque<([u8; 12], Arc<[u8]>)>);

impl Kept {
    pub(super) fn keep(&mut self, id: [u8; 12], whole: Arc<[u8]>, most: usize) {
        if self.0.len() >= most {
            self.0.pop_front();
        }
        self.0.push_back((id, whole));
    }

    /// The message of this name. What is asked for came a moment ago.
    pub(super) fn find(&self, id: &[u8; 12]) -> Option<&Arc<[u8]>> {
        self.0.iter().rev().find(|(known, _)| known == id).map(|(_, whole)| whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_message_is_forgotten() {
        let mut kept = Kept::default();
        for number in 0..5_u8 {
            kept.keep([number; 12], Arc::from([number].as_slice()), 3);
        }
        assert!(kept.find(&[1; 12]).is_none());
        assert_eq!(kept.find(&[2; 12]).map(|whole| whole[0]), Some(2));
        assert_eq!(kept.find(&[4; 12]).map(|whole| whole[0]), Some(4));
    }
}
