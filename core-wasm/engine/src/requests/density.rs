//! How densely ids lie, and where they lie closer together than chance puts them.
//!
//! Who wants to hide a key or to take a node's place makes ids close to it. The eight closest nodes then lie nearer than those
//! around other places do, which shows in any lookup (Sridhar et al. 2024, "Content Censorship in the InterPlanetary File
//! System"). Ids follow from keys: one that is closer than all others takes about as many keys as there are nodes, times 2 to the
//! power of the security level.

use crate::id::NodeId;
use crate::limits::REPLICAS;

/// Places remembered.
const PLACES: usize = 8;

/// With fewer places nothing is said.
const PLACES_MIN: usize = 4;

/// Sixteenths of a bit beyond the median place at which a place is crowded: there the eighth closest node lies at less than a
/// fifth of the usual distance. By chance that is so at one place in some five hundred.
const CROWDED: u16 = 38;

/// Where the last own lookups ended: how near the eighth closest node was, in sixteenths of a bit.
#[derive(Default)]
pub(super) struct Density {
    places: [u16; PLACES],
    count: usize,
}

/// How near the last of the closest nodes is: log2 of the distance, from the top. `None` if they are too few to tell.
fn nearness(target: &NodeId, closest: &[NodeId]) -> Option<u16> {
    let distance = closest.get(REPLICAS - 1)?.distance(target).0;
    let bits = distance.iter().position(|byte| *byte != 0)?;
    let [first, second] = *distance.get(bits..)?.first_chunk()?;
    let head = u16::from_be_bytes([first, second]);
    let zeros = head.leading_zeros() as u16;
    // The four bits behind the first one.
    let fraction = (head << zeros) >> 11 & 15;
    Some((bits as u16 * 8 + zeros) * 16 + 15 - fraction)
}

impl Density {
    /// A lookup for the node itself ended.
    pub(super) fn note(&mut self, target: &NodeId, closest: &[NodeId]) {
        if let Some(near) = nearness(target, closest)
            && let Some(place) = self.places.get_mut(self.count % PLACES)
        {
            *place = near;
            self.count += 1;
        }
    }

    /// Whether ids lie suspiciously close together around `target`.
    pub(super) fn is_crowded(&self, target: &NodeId, closest: &[NodeId]) -> bool {
        let mut places = self.places;
        let Some(places) = places.get_mut(..self.count.min(PLACES)) else { return false };
        places.sort_unstable();
        let median = places.get(places.len() / 2).filter(|_| places.len() >= PLACES_MIN);
        let near = nearness(target, closest);
        median.is_some_and(|median| near.is_some_and(|near| near > median + CROWDED))
    }
}

#[cfg(test)]
mod tests {
    //! Chance seldom looks like an attack, and an attack never like chance.

    use alloc::vec::Vec;

    use super::*;
    use crate::rng::Rng;

    fn random_id(rng: &mut Rng) -> NodeId {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&rng.next().to_be_bytes());
        }
        NodeId(bytes)
    }

    fn closest(ids: &[NodeId], target: &NodeId) -> Vec<NodeId> {
        let mut ids = ids.to_vec();
        ids.sort_by_key(|id| id.distance(target));
        ids.truncate(REPLICAS);
        ids
    }

    #[test]
    fn ids_made_for_a_key_are_told_from_those_that_chance_puts_there() {
        let mut rng = Rng::new(1);
        let (mut false_alarms, mut missed) = (0, 0);
        for _ in 0..600 {
            let mut ids: Vec<NodeId> = (0..200).map(|_| random_id(&mut rng)).collect();
            let mut density = Density::default();
            for _ in 0..PLACES {
                let place = random_id(&mut rng);
                density.note(&place, &closest(&ids, &place));
            }
            let key = random_id(&mut rng);
            false_alarms += usize::from(density.is_crowded(&key, &closest(&ids, &key)));
            // Eight ids that share eleven bits with the key: three to four more than the closest of two hundred does.
            for _ in 0..REPLICAS {
                let mut id = random_id(&mut rng);
                id.0[0] = key.0[0];
                id.0[1] = key.0[1] & 0xe0 | id.0[1] & 0x1f;
                ids.push(id);
            }
            missed += usize::from(!density.is_crowded(&key, &closest(&ids, &key)));
        }
        assert!(false_alarms < 6 && missed < 60, "{false_alarms} false alarms and {missed} missed of 600");
    }

    #[test]
    fn with_few_places_known_nothing_is_said() {
        let mut rng = Rng::new(2);
        let key = random_id(&mut rng);
        let crowd = [key.flipped(200); REPLICAS];
        let mut density = Density::default();
        assert!(!density.is_crowded(&key, &crowd));
        for _ in 0..PLACES_MIN {
            let place = random_id(&mut rng);
            density.note(&place, &closest(&(0..50).map(|_| random_id(&mut rng)).collect::<Vec<_>>(), &place));
        }
        assert!(density.is_crowded(&key, &crowd));
        assert!(!density.is_crowded(&key, &crowd[1..]));
    }
}
