//! The calls of a pure module.

use super::command::slice;
use super::engine::{Guest, Stop};
use super::executor::call;
use super::{STREAM_BYTES_MAX, Task};

/// Hands over seed and input, runs, and takes the output.
///
/// # Errors
/// What ended the run early.
pub(super) fn run(guest: &mut dyn Guest, task: &Task) -> Result<Vec<u8>, Stop> {
    let length = (task.seed.len() + task.input.len()) as u32;
    let place = call(guest, "alloc", &[length])?;
    let room = slice(guest.reach().parts().0, place, u64::from(length)).ok_or(Stop::BadAbi)?;
    let (seed, input) = room.split_at_mut(task.seed.len());
    seed.copy_from_slice(&task.seed);
    input.copy_from_slice(&task.input);
    let answer = call(guest, "run", &[place as u32, length])?;
    let (start, length) = (answer >> 32, answer & 0xffff_ffff);
    if length > STREAM_BYTES_MAX as u64 {
        return Err(Stop::BadAbi);
    }
    Ok(slice(guest.reach().parts().0, start, length).ok_or(Stop::BadAbi)?.to_vec())
}
