//! Places in a task's memory.

/// The bytes at a place, none if they are not all within the memory.
pub(super) fn slice(memory: &mut [u8], place: u64, bytes: u64) -> Option<&mut [u8]> {
    let (start, end) = (usize::try_from(place).ok()?, usize::try_from(place.checked_add(bytes)?).ok()?);
    memory.get_mut(start..end)
}
