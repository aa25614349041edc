//! The frames of one drain, joined by the link that they go to.

use tabmesh_engine::limits::PACKET_MAX;

/// Packets that are being filled, in the order in which they were begun; `E` names an end.
pub struct Packets<E>(Vec<(E, Vec<u8>)>);

impl<E> Default for Packets<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: Copy + PartialEq> Packets<E> {
    /// Adds a frame; gives the packet that is to be sent before, because the frame has no room in it.
    pub fn add(&mut self, end: E, frame: Vec<u8>) -> Option<Vec<u8>> {
        match self.0.iter_mut().find(|(to, _)| *to == end) {
            Some((_, packet)) if packet.len() + frame.len() <= PACKET_MAX => packet.extend_from_slice(&frame),
            Some((_, packet)) => return Some(std::mem::replace(packet, frame)),
            None => self.0.push((end, frame)),
        }
        None
    }

    /// Takes what waits for an end: its link is about to close, or to be sealed.
    pub fn take(&mut self, end: E) -> Option<Vec<u8>> {
        let place = self.0.iter().position(|(to, _)| *to == end)?;
        Some(self.0.remove(place).1)
    }

    /// Takes all at the end of the drain.
    pub fn drain(&mut self) -> impl Iterator<Item = (E, Vec<u8>)> + '_ {
        self.0.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_one_link_are_joined_up_to_the_bound() {
        let mut packets = Packets::default();
        assert_eq!(packets.add('a', vec![1; 30_000]), None);
        assert_eq!(packets.add('b', vec![2; 10]), None);
        assert_eq!(packets.add('a', vec![3; PACKET_MAX - 30_000]), None);
        assert_eq!(packets.add('a', vec![4]).map(|full| full.len()), Some(PACKET_MAX));
        assert_eq!(packets.take('b'), Some(vec![2; 10]));
        assert_eq!(packets.take('b'), None);
        assert_eq!(packets.drain().collect::<Vec<_>>(), [('a', vec![4])]);
        assert_eq!(packets.drain().count(), 0);
    }
}
