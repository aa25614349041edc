//! The functions that a command imports, once for all engines: WASI preview 1, as far as it is deterministic.

use super::definition::{LOG_BYTES_MAX, STREAM_BYTES_MAX};
use super::engine::{Kind, Reach};
use super::memory::slice;
use super::stop::Stop;

/// The module that the functions are imported from.
pub(super) const MODULE: &str = "wasi_snapshot_preview1";

const BAD_FILE: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NO_SPACE: u32 = 51;
const NOT_THERE: u32 = 52;
const NO_SEEK: u32 = 70;

/// Gas for a call of any of the functions.
const CALL_GAS: i64 = 1_000;
/// Gas for each piece of a list.
const PIECE_GAS: i64 = 100;
/// Gas for each random byte.
const RANDOM_GAS: i64 = 100;
/// Bytes that are moved for one gas.
const BYTES_A_GAS: usize = 8;

/// Random bytes that are made before the watchdog is asked again.
const RANDOM_CHUNK: usize = 1 << 20;

/// One of the functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Function {
    ArgsGet,
    ArgsSizesGet,
    ClockTimeGet,
    EnvironGet,
    EnvironSizesGet,
    FdClose,
    FdFdstatGet,
    FdPrestatDirName,
    FdPrestatGet,
    FdRead,
    FdSeek,
    FdWrite,
    /// One that is not there.
    Not,
    /// One that is not there, of a file.
    NotOfFile,
    ProcExit,
    RandomGet,
}

use Function as F;
use Kind::{I32, I64};

/// Each with its name and its parameters. All but `proc_exit` have one result, an i32.
#[rustfmt::skip]
pub(super) const FUNCTIONS: [(Function, &str, &[Kind]); 46] = [
    (F::ArgsGet, "args_get", &[I32, I32]),
    (F::ArgsSizesGet, "args_sizes_get", &[I32, I32]),
    (F::Not, "clock_res_get", &[I32, I32]),
    (F::ClockTimeGet, "clock_time_get", &[I32, I64, I32]),
    (F::EnvironGet, "environ_get", &[I32, I32]),
    (F::EnvironSizesGet, "environ_sizes_get", &[I32, I32]),
    (F::NotOfFile, "fd_advise", &[I32, I64, I64, I32]),
    (F::NotOfFile, "fd_allocate", &[I32, I64, I64]),
    (F::FdClose, "fd_close", &[I32]),
    (F::NotOfFile, "fd_datasync", &[I32]),
    (F::FdFdstatGet, "fd_fdstat_get", &[I32, I32]),
    (F::NotOfFile, "fd_fdstat_set_flags", &[I32, I32]),
    (F::NotOfFile, "fd_fdstat_set_rights", &[I32, I64, I64]),
    (F::NotOfFile, "fd_filestat_get", &[I32, I32]),
    (F::NotOfFile, "fd_filestat_set_size", &[I32, I64]),
    (F::NotOfFile, "fd_filestat_set_times", &[I32, I64, I64, I32]),
    (F::NotOfFile, "fd_pread", &[I32, I32, I32, I64, I32]),
    (F::FdPrestatDirName, "fd_prestat_dir_name", &[I32, I32, I32]),
    (F::FdPrestatGet, "fd_prestat_get", &[I32, I32]),
    (F::NotOfFile, "fd_pwrite", &[I32, I32, I32, I64, I32]),
    (F::FdRead, "fd_read", &[I32, I32, I32, I32]),
    (F::NotOfFile, "fd_readdir", &[I32, I32, I32, I64, I32]),
    (F::NotOfFile, "fd_renumber", &[I32, I32]),
    (F::FdSeek, "fd_seek", &[I32, I64, I32, I32]),
    (F::NotOfFile, "fd_sync", &[I32]),
    (F::NotOfFile, "fd_tell", &[I32, I32]),
    (F::FdWrite, "fd_write", &[I32, I32, I32, I32]),
    (F::NotOfFile, "path_create_directory", &[I32, I32, I32]),
    (F::NotOfFile, "path_filestat_get", &[I32, I32, I32, I32, I32]),
    (F::NotOfFile, "path_filestat_set_times", &[I32, I32, I32, I32, I64, I64, I32]),
    (F::NotOfFile, "path_link", &[I32, I32, I32, I32, I32, I32, I32]),
    (F::NotOfFile, "path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32]),
    (F::NotOfFile, "path_readlink", &[I32, I32, I32, I32, I32, I32]),
    (F::NotOfFile, "path_remove_directory", &[I32, I32, I32]),
    (F::NotOfFile, "path_rename", &[I32, I32, I32, I32, I32, I32]),
    (F::NotOfFile, "path_symlink", &[I32, I32, I32, I32, I32]),
    (F::NotOfFile, "path_unlink_file", &[I32, I32, I32]),
    (F::Not, "poll_oneoff", &[I32, I32, I32, I32]),
    (F::ProcExit, "proc_exit", &[I32]),
    (F::Not, "proc_raise", &[I32]),
    (F::RandomGet, "random_get", &[I32, I32]),
    (F::Not, "sched_yield", &[]),
    (F::NotOfFile, "sock_accept", &[I32, I32, I32]),
    (F::NotOfFile, "sock_recv", &[I32, I32, I32, I32, I32, I32]),
    (F::NotOfFile, "sock_send", &[I32, I32, I32, I32, I32]),
    (F::NotOfFile, "sock_shutdown", &[I32, I32]),
];

/// What a module asks for by an import that every host answers with *not there*: a word for it.
#[must_use]
fn never_there(import: &str) -> Option<&'static str> {
    let (function, ..) = FUNCTIONS.iter().find(|(_, name, _)| *name == import)?;
    match (function, import) {
        (F::Not, "poll_oneoff") => Some("sleep and waiting"),
        (F::Not, "sched_yield") => Some("threads"),
        (F::NotOfFile, name) if name.starts_with("sock_") => Some("sockets"),
        (F::NotOfFile, _) => Some("files"),
        // What is left of them asks for nothing that a program could miss.
        _ => None,
    }
}

/// What a module asks for in vain, each once, with the first import that does.
#[must_use]
pub fn in_vain(imports: &[String]) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for import in imports {
        if let Some(what) = never_there(import)
            && found.iter().all(|(other, _)| *other != what)
        {
            found.push((what, import.clone()));
        }
    }
    found
}

impl Function {
    /// Whether it answers with an i32.
    pub(super) fn has_result(self) -> bool {
        self != F::ProcExit
    }
}

/// What a function is called with: its arguments, and what it reaches.
struct Call<'a> {
    arguments: &'a [u64],
    reach: &'a mut dyn Reach,
}

/// Calls a function with as many arguments as it has parameters, an i32 without its sign. The answer is 0 or what WASI
/// calls an errno.
///
/// # Errors
/// What ends the run.
pub(super) fn call(function: Function, arguments: &[u64], reach: &mut dyn Reach) -> Result<u32, Stop> {
    let mut call = Call { arguments, reach };
    call.charge(CALL_GAS)?;
    let answer = match function {
        F::ArgsSizesGet => call.write_pair(1, 5),
        F::ArgsGet => call.args_get(),
        F::EnvironSizesGet => call.write_pair(0, 0),
        F::EnvironGet => Some(0),
        F::ClockTimeGet => call.clock_time_get(),
        F::RandomGet => return call.random_get(),
        F::FdRead => return call.fd_read(),
        F::FdWrite => return call.fd_write(),
        F::FdFdstatGet => call.fd_fdstat_get(),
        F::FdSeek => Some(if call.argument(0) < 3 { NO_SEEK } else { BAD_FILE }),
        F::FdClose => Some(if call.argument(0) < 3 { 0 } else { BAD_FILE }),
        F::FdPrestatGet | F::FdPrestatDirName => Some(BAD_FILE),
        F::NotOfFile => Some(if call.argument(0) < 3 { NOT_THERE } else { BAD_FILE }),
        F::Not => Some(NOT_THERE),
        F::ProcExit => return Err(Stop::Exit(call.argument(0))),
    };
    Ok(answer.unwrap_or(FAULT))
}

impl Call<'_> {
    fn argument(&self, number: usize) -> u32 {
        self.arguments.get(number).map_or(0, |argument| *argument as u32)
    }

    fn place(&self, number: usize) -> u64 {
        u64::from(self.argument(number))
    }

    /// Takes gas, and ends the run if there is not so much.
    fn charge(&mut self, gas: i64) -> Result<(), Stop> {
        let left = self.reach.gas().wrapping_sub(gas);
        self.reach.set_gas(left);
        if left < 0 { Err(Stop::Gas) } else { Ok(()) }
    }

    /// Writes bytes at a place; none if that is not within the memory, which then stays.
    fn write(&mut self, place: u64, bytes: &[u8]) -> Option<u32> {
        let (memory, _) = self.reach.parts();
        slice(memory, place, bytes.len() as u64)?.copy_from_slice(bytes);
        Some(0)
    }

    fn write_pair(&mut self, first: u32, second: u32) -> Option<u32> {
        self.write(self.place(0), &first.to_le_bytes())?;
        self.write(self.place(1), &second.to_le_bytes())
    }

    fn args_get(&mut self) -> Option<u32> {
        let text = self.argument(1);
        self.write(self.place(0), &text.to_le_bytes())?;
        self.write(u64::from(text), b"task\0")
    }

    fn clock_time_get(&mut self) -> Option<u32> {
        if self.argument(0) > 3 {
            return Some(INVALID);
        }
        let command = self.reach.parts().1;
        command.clock_reads += 1;
        let time = command.time;
        self.write(self.place(2), &time.to_le_bytes())
    }

    fn fd_fdstat_get(&mut self) -> Option<u32> {
        let rights: u64 = match self.argument(0) {
            0 => 2,
            1 | 2 => 64,
            _ => return Some(BAD_FILE),
        };
        let mut bytes = [0; 24];
        bytes[8..16].copy_from_slice(&rights.to_le_bytes());
        self.write(self.place(1), &bytes)
    }

    fn random_get(mut self) -> Result<u32, Stop> {
        let (to, length) = (self.place(0), self.place(1));
        self.charge(RANDOM_GAS * length as i64)?;
        let (memory, command) = self.reach.parts();
        let Some(to) = slice(memory, to, length) else { return Ok(FAULT) };
        for chunk in to.chunks_mut(RANDOM_CHUNK) {
            if command.watchdog.is_late() {
                return Err(Stop::Late);
            }
            command.random.fill(chunk);
        }
        Ok(0)
    }

    /// A piece of a list: its place and its length.
    fn piece(&mut self, number: u32) -> Option<(u64, u64)> {
        let at = self.place(1) + 8 * u64::from(number);
        let (memory, _) = self.reach.parts();
        let (place, length) = slice(memory, at, 8)?.split_at(4);
        let read = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_or(0, u64::from);
        Some((read(place), read(length)))
    }

    fn fd_read(mut self) -> Result<u32, Stop> {
        let count = self.argument(2);
        self.charge(PIECE_GAS * i64::from(count))?;
        if self.argument(0) != 0 {
            return Ok(BAD_FILE);
        }
        let mut moved = 0_u32;
        for number in 0..count {
            let (_, command) = self.reach.parts();
            let rest = command.input.len() - command.read;
            if rest == 0 {
                break;
            }
            let Some((place, length)) = self.piece(number) else { return Ok(FAULT) };
            let length = length.min(rest as u64);
            if slice(self.reach.parts().0, place, length).is_none() {
                return Ok(FAULT);
            }
            self.charge((length / BYTES_A_GAS as u64) as i64)?;
            let (memory, command) = self.reach.parts();
            let start = command.read;
            command.read += length as usize;
            if let Some(to) = slice(memory, place, length) {
                to.copy_from_slice(&command.input[start..command.read]);
            }
            moved += length as u32;
        }
        Ok(self.write(self.place(3), &moved.to_le_bytes()).unwrap_or(FAULT))
    }

    fn fd_write(mut self) -> Result<u32, Stop> {
        let (file, count) = (self.argument(0), self.argument(2));
        self.charge(PIECE_GAS * i64::from(count))?;
        if !matches!(file, 1 | 2) {
            return Ok(BAD_FILE);
        }
        let mut moved = 0_u32;
        for number in 0..count {
            let Some((place, length)) = self.piece(number) else { return Ok(FAULT) };
            let (memory, command) = self.reach.parts();
            if slice(memory, place, length).is_none() {
                return Ok(FAULT);
            }
            if file == 1 && command.output.len() as u64 + length > STREAM_BYTES_MAX as u64 {
                return Ok(NO_SPACE);
            }
            self.charge((length / BYTES_A_GAS as u64) as i64)?;
            let (memory, command) = self.reach.parts();
            let bytes = slice(memory, place, length).unwrap_or_default();
            if file == 1 {
                command.output.extend_from_slice(bytes);
            } else {
                let room = LOG_BYTES_MAX - command.log.len();
                command.log.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            moved = moved.wrapping_add(length as u32);
        }
        Ok(self.write(self.place(3), &moved.to_le_bytes()).unwrap_or(FAULT))
    }
}
