//! WebRTC descriptions of virtual ends: each says, in every byte, whose end it is.

use tabmesh_engine::wire::description::{Address, Candidate, CandidateKind, Description};

use crate::dice::mix;

/// What the shell of node `node` says about its end of the number `end`.
pub fn describe(node: u32, end: u32) -> Vec<u8> {
    let mut fingerprint = [0; 32];
    fingerprint[..4].copy_from_slice(&node.to_be_bytes());
    fingerprint[4..8].copy_from_slice(&end.to_be_bytes());
    for (at, byte) in fingerprint.iter_mut().enumerate().skip(8) {
        *byte = mix(u64::from(node) << 32 | u64::from(end)).rotate_left(at as u32 * 8) as u8;
    }
    let [high, low, ..] = fingerprint[8..] else { return Vec::new() };
    let port = u16::from_be_bytes([high | 0x40, low]);
    Description {
        fingerprint,
        ufrag: "simu",
        password: "simulatedsimulatedsimula",
        candidates: vec![
            Candidate { address: Address::Mdns([high; 16]), kind: CandidateKind::Host, port },
            Candidate {
                address: Address::V4([203, 0, high, low]),
                kind: CandidateKind::ServerReflexive,
                port,
            },
        ],
    }
    .emit()
}

/// The node and the end that a description is of; `None` where it is none that a shell made.
pub fn described(bytes: &[u8]) -> Option<(u32, u32)> {
    let parsed = Description::parse(bytes)?;
    let number =
        |at: usize| u32::from_be_bytes(parsed.fingerprint[at..at + 4].try_into().unwrap_or_default());
    let (node, end) = (number(0), number(4));
    (describe(node, end) == bytes).then_some((node, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_tells_whose_end_it_is_of_and_a_changed_one_nothing() {
        let of = (70_000, 3 << 20);
        let description = describe(of.0, of.1);
        assert_eq!(described(&description), Some(of));
        for at in 0..description.len() {
            let mut changed = description.clone();
            changed[at] ^= 1;
            assert_eq!(described(&changed), None, "byte {at}");
        }
    }
}
