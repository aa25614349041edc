//! The trace of an engine: a running hash over every input and every output, with all that they say.
//!
//! Two builds of the engine that give the same trace for every scenario do the same; `--hashes` prints what to compare.

use tabmesh_engine::{Flat, Input, Instant};
use tabmesh_port::Port;

use crate::dice::fold;

/// Adds an input and when it came.
pub fn add_input(hash: u64, now: u64, input: &Input<'_>) -> u64 {
    let mut hash = fold(hash, &now.to_le_bytes());
    let (kind, number) = input.flat(&mut |piece| hash = fold(hash, piece));
    fold(hash ^ u64::from(kind), &number.to_le_bytes())
}

/// Adds an output.
pub fn add_output(hash: u64, output: &Flat) -> u64 {
    let number = u64::from(output.number) << 32 | u64::from(output.value);
    let hash = fold(hash ^ u64::from(output.kind), &number.to_le_bytes());
    fold(fold(hash, &output.id), &output.bytes)
}

/// Adds what the face of a module heard.
pub fn add_event(hash: u64, port: Port, bytes: &[u8]) -> u64 {
    fold(fold(hash, &port.0.to_le_bytes()), bytes)
}

/// Adds the time at which the engine wants its next input, which ends what it puts out.
pub fn add_deadline(hash: u64, deadline: Instant) -> u64 {
    fold(hash, &deadline.0.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use tabmesh_engine::{Command, NodeId, OpId, TopicId};

    use super::*;

    #[test]
    fn what_a_command_says_is_in_the_trace() {
        let (topic, other) = (NodeId([1; 32]), NodeId([2; 32]));
        let publish = |topic: &NodeId, bytes: &[u8]| {
            let topic = TopicId::of(&topic.0);
            add_input(0, 5, &Input::Command(Command::Publish { op: OpId(1), topic, bytes }))
        };
        assert_eq!(publish(&topic, b"one"), publish(&topic, b"one"));
        assert_ne!(publish(&topic, b"one"), publish(&topic, b"two"));
        assert_ne!(publish(&topic, b"one"), publish(&other, b"one"));
        let find =
            |op, target: &NodeId| add_input(0, 5, &Input::Command(Command::Find { op: OpId(op), target }));
        assert_ne!(find(1, &topic), find(1, &other));
        assert_ne!(find(1, &topic), find(2, &topic));
        assert_ne!(
            find(1, &topic),
            add_input(0, 6, &Input::Command(Command::Find { op: OpId(1), target: &topic }))
        );
        let ask = |length, kind| {
            let ask = Command::Ask { op: OpId(1), to: &topic, port: 7, within_ms: 9, length, kind };
            add_input(0, 5, &Input::Command(ask))
        };
        assert_ne!(ask(1, 0), ask(2, 0));
        assert_ne!(ask(1, 0), ask(1, 1));
    }

    #[test]
    fn every_field_of_an_output_is_in_the_trace() {
        let said = |change: fn(&mut Flat)| {
            let mut flat = Flat { kind: 1, number: 2, value: 3, id: vec![4; 32], bytes: vec![5; 9] };
            change(&mut flat);
            add_output(0, &flat)
        };
        let all = [
            said(|_| {}),
            said(|flat| flat.kind = 9),
            said(|flat| flat.number = 9),
            said(|flat| flat.value = 9),
            said(|flat| flat.id[31] = 9),
            said(|flat| flat.bytes[8] = 9),
        ];
        let different: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
