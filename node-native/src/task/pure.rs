//! The calls of a pure module.

use super::definition::{STREAM_BYTES_MAX, Task};
use super::engine::{Guest, call};
use super::memory::slice;
use super::stop::Stop;

/// Hands over seed and input, runs, and takes the output.
///
/// # Errors
/// What ended the run early.
pub(super) fn run(guest: &mut dyn Guest, task: &Task) -> Result<Vec<u8>, Stop> {
    let place = hand_over(guest, &[&task.seed, &task.input])?;
    let answer = call(guest, "run", &[place, (task.seed.len() + task.input.len()) as u32])?;
    Ok(named(guest, answer, STREAM_BYTES_MAX)?.to_vec())
}

/// Asks the module for room and writes the parts there, one behind the other. The answer is their place.
///
/// # Errors
/// What ended the call early, or there is not so much room at the place.
pub(super) fn hand_over(guest: &mut dyn Guest, parts: &[&[u8]]) -> Result<u32, Stop> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let place = call(guest, "alloc", &[length as u32])?;
    let mut room = slice(guest.reach().parts().0, place, length as u64).ok_or(Stop::BadAbi)?;
    for part in parts {
        let (head, rest) = room.split_at_mut(part.len());
        head.copy_from_slice(part);
        room = rest;
    }
    Ok(place as u32)
}

/// The bytes that an answer names: its upper half is their place, its lower half their number.
///
/// # Errors
/// They are too many, or not within the memory.
pub(super) fn named(guest: &mut dyn Guest, answer: u64, bytes_max: usize) -> Result<&[u8], Stop> {
    let (place, length) = (answer >> 32, answer & 0xffff_ffff);
    if length > bytes_max as u64 {
        return Err(Stop::BadAbi);
    }
    Ok(slice(guest.reach().parts().0, place, length).ok_or(Stop::BadAbi)?)
}
