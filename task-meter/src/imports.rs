//! The functions that a command may import: the deterministic part of WASI preview 1.

use crate::Interface;
use crate::module::Meter;
use crate::refusal::Reason;

/// The module that they are imported from, its length in front.
const MODULE: &[u8] = b"\x16wasi_snapshot_preview1";

/// Each function: its type's length, its type and its name, both as a module writes them.
const FUNCTIONS: &[u8] = b"\
    \x05\x02\x7f\x7f\x01\x7f\x08args_get\
    \x05\x02\x7f\x7f\x01\x7f\x0eargs_sizes_get\
    \x06\x03\x7f\x7e\x7f\x01\x7f\x0eclock_time_get\
    \x05\x02\x7f\x7f\x01\x7f\x0benviron_get\
    \x05\x02\x7f\x7f\x01\x7f\x11environ_sizes_get\
    \x04\x01\x7f\x01\x7f\x08fd_close\
    \x05\x02\x7f\x7f\x01\x7f\x0dfd_fdstat_get\
    \x06\x03\x7f\x7f\x7f\x01\x7f\x13fd_prestat_dir_name\
    \x05\x02\x7f\x7f\x01\x7f\x0efd_prestat_get\
    \x07\x04\x7f\x7f\x7f\x7f\x01\x7f\x07fd_read\
    \x07\x04\x7f\x7e\x7f\x7f\x01\x7f\x07fd_seek\
    \x07\x04\x7f\x7f\x7f\x7f\x01\x7f\x08fd_write\
    \x03\x01\x7f\x00\x09proc_exit\
    \x05\x02\x7f\x7f\x01\x7f\x0arandom_get";

/// The function in front of `list`: its type and its name, the latter with its length in front; and what follows.
fn split(list: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = list.split_first()?;
    let (kind, rest) = rest.split_at_checked(usize::from(*length))?;
    let (name, rest) = rest.split_at_checked(1 + usize::from(*rest.first()?))?;
    Some((kind, name, rest))
}

/// The names of the functions that a command may import, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut list = FUNCTIONS;
    core::iter::from_fn(move || {
        let (_, name, rest) = split(list)?;
        list = rest;
        core::str::from_utf8(name.get(1..)?).ok()
    })
}

impl Meter<'_> {
    /// One import. Names whose lengths are written longer than need be are not known.
    pub(crate) fn import(&mut self) {
        let start = self.reader.at;
        self.name();
        let name = self.reader.at;
        self.name();
        self.reader.expect(0, Reason::Import);
        let index = self.reader.index(self.types);
        let kind = *self.scratch.type_at(index) as usize;
        let mut is_known = false;
        let mut list = if self.interface == Interface::Command { FUNCTIONS } else { &[] };
        while let Some((its_kind, its_name, rest)) = split(list) {
            is_known |= self.reader.has(name, its_name) && self.reader.has(kind, its_kind);
            list = rest;
        }
        if !(is_known && self.reader.has(start, MODULE)) {
            self.reader.refuse_at(Reason::Import, start);
        }
        self.add_function(index);
    }

    /// A name: where it starts. It ends where reading goes on.
    pub(crate) fn name(&mut self) -> usize {
        let length = self.reader.number();
        let start = self.reader.at;
        self.reader.skip(length);
        start
    }
}
