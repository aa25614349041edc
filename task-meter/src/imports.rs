//! The functions that a command may import: the deterministic part of WASI preview 1.

use crate::module::Meter;
use crate::refusal::Reason;

/// The module that they are imported from.
const MODULE: &[u8] = b"wasi_snapshot_preview1";

/// Each function: how many parameters, which of them is an i64 (counted from one, 0 for none; all others are i32), how many
/// bytes of name, the name. All give an i32 back, but for `proc_exit`, the last.
const FUNCTIONS: &[u8] = b"\
    \x02\x00\x08args_get\
    \x02\x00\x0eargs_sizes_get\
    \x03\x02\x0eclock_time_get\
    \x02\x00\x0benviron_get\
    \x02\x00\x11environ_sizes_get\
    \x01\x00\x08fd_close\
    \x02\x00\x0dfd_fdstat_get\
    \x03\x00\x13fd_prestat_dir_name\
    \x02\x00\x0efd_prestat_get\
    \x04\x00\x07fd_read\
    \x04\x02\x07fd_seek\
    \x04\x00\x08fd_write\
    \x02\x00\x0arandom_get\
    \x01\x00\x09proc_exit";

/// The function in front of `list`, and the rest: parameters, the i64 among them, the name.
fn split(list: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let [parameters, long, length, rest @ ..] = list else { return None };
    let name = rest.get(..usize::from(*length))?;
    Some((*parameters, *long, name, rest.get(usize::from(*length)..)?))
}

/// The names of the functions that a command may import, in alphabetical order but for the last.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut list = FUNCTIONS;
    core::iter::from_fn(move || {
        let (_, _, name, rest) = split(list)?;
        list = rest;
        core::str::from_utf8(name).ok()
    })
}

impl Meter<'_> {
    /// One import of a command.
    pub(crate) fn import(&mut self) {
        let start = self.reader.at;
        let module = self.name();
        let name = self.name();
        self.reader.expect(0, Reason::Import);
        let index = self.reader.index(self.types);
        let is_module = self.reader.bytes.get(module.0..module.1) == Some(MODULE);
        let name = self.reader.bytes.get(name.0..name.1).unwrap_or_default();
        let mut list = FUNCTIONS;
        let mut is_known = false;
        while let Some((parameters, long, known, rest)) = split(list) {
            list = rest;
            is_known |= known == name && self.has_type(index, parameters, long, u8::from(!rest.is_empty()));
        }
        if !(is_module && is_known) {
            self.reader.refuse_at(Reason::Import, start);
        }
        self.add_function(index);
    }

    /// Whether type `index` takes `parameters`, one of which is an i64, and gives that many i32 back.
    fn has_type(&mut self, index: u32, parameters: u8, long: u8, results: u8) -> bool {
        let word = *self.scratch.type_word(index);
        let at = *self.scratch.results_at(index) as usize;
        if word & 0xffff != u32::from(results) << 8 | u32::from(parameters) {
            return false;
        }
        // The list of parameters ends before the count of results, which takes one byte.
        let start = at.wrapping_sub(1 + usize::from(parameters));
        let list = self.reader.bytes.get(start..at + usize::from(results)).unwrap_or_default();
        (1..).zip(list).all(|(place, kind)| match place {
            _ if place == parameters + 1 => true,
            _ => *kind == 0x7f - u8::from(place == long),
        })
    }

    /// A name: where it starts and ends.
    pub(crate) fn name(&mut self) -> (usize, usize) {
        let length = self.reader.number();
        let start = self.reader.at;
        self.reader.skip(length);
        (start, self.reader.at)
    }
}
