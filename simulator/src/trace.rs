//! The trace of an engine: a running hash over every input and every output, with all that they say.
//!
//! Two builds of the engine that give the same trace for every scenario do the same; `--hashes` prints what to compare.

use tabmesh_engine::io::kinds::input;
use tabmesh_engine::{Command, Flat, Input, Instant, JobResult, NodeId};

use crate::dice::fold;

/// Stands for an input that has no flat form: a peer knocks.
const INCOMING: u32 = u32::MAX;

/// Adds an input and when it came.
pub(crate) fn add_input(hash: u64, now: u64, input: &Input<'_>) -> u64 {
    let hash = fold(hash, &now.to_le_bytes());
    match input {
        Input::Timeout => add(hash, input::TIMEOUT, 0, &[]),
        Input::WallTime(seconds) => add(hash, input::WALL_TIME, *seconds, &[]),
        Input::Incoming => add(hash, INCOMING, 0, &[]),
        Input::Described { link, description } => {
            add(hash, input::DESCRIBED, link.number().into(), description)
        }
        Input::LinkUp(link) => add(hash, input::LINK_UP, link.number().into(), &[]),
        Input::LinkDown(link) => add(hash, input::LINK_DOWN, link.number().into(), &[]),
        Input::LinkBytes { link, bytes } => add(hash, input::LINK_BYTES, link.number().into(), bytes),
        Input::LinkDrained { link, queued } => {
            add(hash, input::LINK_DRAINED, link.number().into(), &queued.to_le_bytes())
        }
        Input::Sealed { link, bytes } => add(hash, input::SEALED, link.number().into(), bytes),
        Input::SignalUp => add(hash, input::SIGNAL_UP, 0, &[]),
        Input::SignalDown => add(hash, input::SIGNAL_DOWN, 0, &[]),
        Input::SignalBytes(bytes) => add(hash, input::SIGNAL_BYTES, 0, bytes),
        Input::JobDone { job, result } => add_result(hash, job.0.into(), result),
        Input::Command(command) => add_command(hash, command),
    }
}

fn add_result(hash: u64, job: u64, result: &JobResult<'_>) -> u64 {
    match result {
        JobResult::Signature(signature) => add(hash, input::SIGNATURE, job, *signature),
        JobResult::Verified(holds) => add(hash, input::VERIFIED, job, &[u8::from(*holds)]),
        JobResult::Loaded(bytes) => add(hash, input::LOADED, job, bytes),
        JobResult::Missing => add(hash, input::MISSING, job, &[]),
        JobResult::Stored => add(hash, input::STORED, job, &[]),
        JobResult::Mismatch => add(hash, input::MISMATCH, job, &[]),
        JobResult::Full => add(hash, input::FULL, job, &[]),
        JobResult::Hashes(hashes) => add(hash, input::HASHES, job, NodeId::list_bytes(hashes)),
        JobResult::Failed => add(hash, input::FAILED, job, &[]),
    }
}

fn add_command(hash: u64, command: &Command<'_>) -> u64 {
    match command {
        Command::Put { op, hash: block } => add(hash, input::PUT, op.0.into(), &block.0),
        Command::Get { op, hash: block } => add(hash, input::GET, op.0.into(), &block.0),
        Command::Find { op, target } => add(hash, input::FIND, op.0.into(), &target.0),
        Command::Send { op, to, length } => {
            fold(add(hash, input::SEND, op.0.into(), &to.0), &length.to_le_bytes())
        }
        Command::Subscribe { op, topic } => add(hash, input::SUBSCRIBE, op.0.into(), &topic.0),
        Command::Unsubscribe { topic } => add(hash, input::UNSUBSCRIBE, 0, &topic.0),
        Command::Publish { op, topic, bytes } => {
            fold(add(hash, input::PUBLISH, op.0.into(), &topic.0), bytes)
        }
        Command::Cancel { op } => add(hash, input::CANCEL, op.0.into(), &[]),
        Command::Addresses(count) => add(hash, input::ADDRESSES, (*count).into(), &[]),
        Command::Wake => add(hash, input::WAKE, 0, &[]),
        Command::Leave => add(hash, input::LEAVE, 0, &[]),
    }
}

fn add(hash: u64, kind: u32, number: u64, bytes: &[u8]) -> u64 {
    fold(fold(hash ^ u64::from(kind), &number.to_le_bytes()), bytes)
}

/// Adds an output.
pub(crate) fn add_output(hash: u64, output: &Flat) -> u64 {
    let number = u64::from(output.number) << 32 | u64::from(output.value);
    fold(add(hash, output.kind, number, &output.id), &output.bytes)
}

/// Adds the time at which the engine wants its next input, which ends what it puts out.
pub(crate) fn add_deadline(hash: u64, deadline: Instant) -> u64 {
    fold(hash, &deadline.0.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use tabmesh_engine::OpId;

    use super::*;

    #[test]
    fn what_a_command_says_is_in_the_trace() {
        let (topic, other) = (NodeId([1; 32]), NodeId([2; 32]));
        let publish = |topic, bytes: &[u8]| {
            add_input(0, 5, &Input::Command(Command::Publish { op: OpId(1), topic, bytes }))
        };
        assert_eq!(publish(topic, b"one"), publish(topic, b"one"));
        assert_ne!(publish(topic, b"one"), publish(topic, b"two"));
        assert_ne!(publish(topic, b"one"), publish(other, b"one"));
        let find = |op, target| add_input(0, 5, &Input::Command(Command::Find { op: OpId(op), target }));
        assert_ne!(find(1, topic), find(1, other));
        assert_ne!(find(1, topic), find(2, topic));
        assert_ne!(
            find(1, topic),
            add_input(0, 6, &Input::Command(Command::Find { op: OpId(1), target: topic }))
        );
        let send =
            |length| add_input(0, 5, &Input::Command(Command::Send { op: OpId(1), to: topic, length }));
        assert_ne!(send(1), send(2));
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
