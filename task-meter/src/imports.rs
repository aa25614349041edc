//! The functions that a command may import: all of WASI preview 1. Hosts answer those that cannot be deterministic with an error.

use crate::limits::{BORDER_MAX, NAME_BYTES_MAX};
use crate::meter::Meter;
use crate::refusal::Reason;
use crate::settings::Interface;

/// The module that they are imported from, its length in front.
const MODULE: &[u8] = b"\x16wasi_snapshot_preview1";

/// Types and names, both as a module writes them, each with its length in front: the functions of a type follow it.
const FUNCTIONS: &[u8] = b"\
    \x05\x02\x7f\x7f\x01\x7f\
    \x08args_get\x0eargs_sizes_get\x0benviron_get\x11environ_sizes_get\x0dclock_res_get\x0dfd_fdstat_get\
    \x13fd_fdstat_set_flags\x0ffd_filestat_get\x0efd_prestat_get\x0bfd_renumber\x07fd_tell\x0arandom_get\
    \x0dsock_shutdown\
    \x06\x03\x7f\x7e\x7f\x01\x7f\
    \x0eclock_time_get\
    \x04\x01\x7f\x01\x7f\
    \x08fd_close\x0bfd_datasync\x07fd_sync\x0aproc_raise\
    \x06\x03\x7f\x7f\x7f\x01\x7f\
    \x13fd_prestat_dir_name\x15path_create_directory\x15path_remove_directory\x10path_unlink_file\x0bsock_accept\
    \x07\x04\x7f\x7f\x7f\x7f\x01\x7f\
    \x07fd_read\x08fd_write\x0bpoll_oneoff\
    \x07\x04\x7f\x7e\x7f\x7f\x01\x7f\
    \x07fd_seek\
    \x07\x04\x7f\x7e\x7e\x7f\x01\x7f\
    \x09fd_advise\x15fd_filestat_set_times\
    \x06\x03\x7f\x7e\x7e\x01\x7f\
    \x0bfd_allocate\x14fd_fdstat_set_rights\
    \x05\x02\x7f\x7e\x01\x7f\
    \x14fd_filestat_set_size\
    \x08\x05\x7f\x7f\x7f\x7e\x7f\x01\x7f\
    \x08fd_pread\x09fd_pwrite\x0afd_readdir\
    \x08\x05\x7f\x7f\x7f\x7f\x7f\x01\x7f\
    \x11path_filestat_get\x0cpath_symlink\x09sock_send\
    \x0a\x07\x7f\x7f\x7f\x7f\x7e\x7e\x7f\x01\x7f\
    \x17path_filestat_set_times\
    \x0a\x07\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x01\x7f\
    \x09path_link\
    \x0c\x09\x7f\x7f\x7f\x7f\x7f\x7e\x7e\x7f\x7f\x01\x7f\
    \x09path_open\
    \x09\x06\x7f\x7f\x7f\x7f\x7f\x7f\x01\x7f\
    \x0dpath_readlink\x0bpath_rename\x09sock_recv\
    \x03\x00\x01\x7f\
    \x0bsched_yield\
    \x03\x01\x7f\x00\
    \x09proc_exit";

/// The pieces of [`FUNCTIONS`], each with its length in front.
fn pieces() -> impl Iterator<Item = &'static [u8]> {
    let mut list = FUNCTIONS;
    core::iter::from_fn(move || {
        let (piece, rest) = list.split_at_checked(1 + usize::from(*list.first()?))?;
        list = rest;
        Some(piece)
    })
}

/// What stands in a piece that is a type: it starts with the number of parameters, and no name with such a character.
fn as_type(piece: &[u8]) -> Option<&[u8]> {
    piece.get(1..).filter(|rest| rest.first().is_some_and(|first| *first < b' '))
}

/// The names of the functions that a command may import.
pub fn names() -> impl Iterator<Item = &'static str> {
    let names = pieces().filter(|piece| as_type(piece).is_none());
    names.filter_map(|piece| core::str::from_utf8(piece.get(1..)?).ok())
}

impl Meter<'_> {
    /// One import. Names whose lengths are written longer than need be are not known.
    pub(crate) fn import(&mut self) {
        let start = self.reader.at;
        self.name(NAME_BYTES_MAX);
        let name = self.reader.at;
        self.name(NAME_BYTES_MAX);
        self.reader.expect(0, Reason::Import);
        let index = self.reader.index(self.types);
        let kind = *self.scratch.type_at(index) as usize;
        let mut is_type = false;
        let mut is_known = false;
        for piece in pieces() {
            if let Some(its_kind) = as_type(piece) {
                is_type = self.reader.has(kind, its_kind);
            } else {
                is_known |= is_type && self.reader.has(name, piece);
            }
        }
        let is_known = self.reader.has(start, MODULE) && is_known && self.interface == Interface::Command;
        self.reader.check(is_known, Reason::Import);
        self.add_function(index);
        self.cross_border(index);
    }

    /// Counts a function of this type that is imported or exported.
    pub(crate) fn cross_border(&mut self, index: u32) {
        let word = *self.scratch.type_word(index);
        self.border += 1 + (word & 0xff) + (word >> 8 & 0xff);
        self.reader.bound(self.border, BORDER_MAX, Reason::Border);
    }

    /// A name of at most `limit` bytes: where it starts. It ends where reading goes on.
    pub(crate) fn name(&mut self, limit: u32) -> usize {
        let length = self.reader.at_most(limit, Reason::NameBytes);
        let start = self.reader.at;
        self.reader.skip(length);
        start
    }
}
