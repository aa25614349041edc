//! Commands: each function of WASI with good and bad arguments.

use sha2::{Digest, Sha256};
use tabmesh_native::task::Status;

use crate::case::Case;
use crate::modules::{answers, command, command_with, shows};

const BAD_FILE: u32 = 8;
const FAULT: u32 = 21;
const INVALID: u32 = 28;
const NO_SPACE: u32 = 51;
const NO_SEEK: u32 = 70;

fn le(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Arguments, environment, clock, random bytes, and what files say of themselves.
pub(crate) fn small() -> Vec<Case> {
    // The seed of every case is 0, 1, 2, …
    let seed: [u8; 32] = std::array::from_fn(|byte| byte as u8);
    let block = |number: u64| Sha256::new().chain_update(seed).chain_update(number.to_le_bytes()).finalize();
    let random = [block(0), block(1)].concat();
    let mut cases = vec![
        Case::new(
            "args_sizes_get",
            &shows(64, 8, "", "(call $args_sizes_get (i32.const 64) (i32.const 68))"),
        )
        .gives(&le(&[1, 5])),
        Case::new(
            "args_sizes_get: the second place is outside",
            &shows(64, 4, "", "(call $args_sizes_get (i32.const 64) (i32.const 65533))"),
        )
        .exits(FAULT)
        .gives(&le(&[1])),
        Case::new("args_get", &shows(64, 9, "", "(call $args_get (i32.const 64) (i32.const 68))"))
            .gives(b"\x44\0\0\0task\0"),
        Case::new(
            "args_get: the text is outside",
            &shows(64, 4, "", "(call $args_get (i32.const 64) (i32.const 65532))"),
        )
        .exits(FAULT)
        .gives(&le(&[65_532])),
        Case::new(
            "environ_sizes_get",
            &shows(
                64,
                8,
                "(i64.store (i32.const 64) (i64.const -1))",
                "(call $environ_sizes_get (i32.const 64) (i32.const 68))",
            ),
        )
        .gives(&le(&[0, 0])),
        Case::new(
            "environ_get touches nothing",
            &answers("(call $environ_get (i32.const -1) (i32.const -1))"),
        ),
        Case::new(
            "clock_time_get",
            &shows(64, 8, "", "(call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 64))"),
        )
        .time(0x8123_4567_89ab_cdef)
        .gives(&0x8123_4567_89ab_cdef_u64.to_le_bytes()),
        Case::new(
            "clock_time_get of the last clock",
            &shows(64, 8, "", "(call $clock_time_get (i32.const 3) (i64.const 0) (i32.const 64))"),
        )
        .time(7)
        .gives(&7_u64.to_le_bytes()),
        Case::new(
            "clock_time_get of no clock",
            &answers("(call $clock_time_get (i32.const 4) (i64.const 0) (i32.const -1))"),
        )
        .exits(INVALID),
        Case::new(
            "clock_time_get to the outside",
            &answers("(call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 65529))"),
        )
        .exits(FAULT),
        Case::new(
            "random_get goes on where it stopped",
            &shows(
                64,
                45,
                "(drop (call $random_get (i32.const 64) (i32.const 5)))",
                "(call $random_get (i32.const 69) (i32.const 40))",
            ),
        )
        .gives(&random[..45]),
        Case::new(
            "random_get: a fault takes nothing of the stream",
            &shows(
                64,
                8,
                "(drop (call $random_get (i32.const 65500) (i32.const 37)))",
                "(call $random_get (i32.const 64) (i32.const 8))",
            ),
        )
        .gives(&random[..8]),
        Case::new(
            "random_get to the outside",
            &answers("(call $random_get (i32.const 65500) (i32.const 37))"),
        )
        .exits(FAULT),
        Case::new(
            "random_get of nothing at the end of memory",
            &answers("(call $random_get (i32.const 65536) (i32.const 0))"),
        ),
        Case::new(
            "random_get of nothing beyond memory",
            &answers("(call $random_get (i32.const 65537) (i32.const 0))"),
        )
        .exits(FAULT),
        Case::new(
            "random_get of 4 GiB costs more gas than there is",
            &answers("(call $random_get (i32.const 0) (i32.const -1))"),
        )
        .ends(Status::OutOfGas),
        Case::new(
            "random_get of 4 GiB costs its gas though it faults",
            &answers("(call $random_get (i32.const 0) (i32.const -1))"),
        )
        .gas(1 << 40)
        .exits(FAULT),
        Case::new("fd_prestat_get", &answers("(call $fd_prestat_get (i32.const 3) (i32.const 64))"))
            .exits(BAD_FILE),
        Case::new(
            "fd_prestat_dir_name",
            &answers("(call $fd_prestat_dir_name (i32.const 3) (i32.const 64) (i32.const 8))"),
        )
        .exits(BAD_FILE),
    ];
    for (file, seek, close) in
        [(0, NO_SEEK, 0), (2, NO_SEEK, 0), (3, BAD_FILE, BAD_FILE), (u32::MAX, BAD_FILE, BAD_FILE)]
    {
        let call = format!("(call $fd_seek (i32.const {file}) (i64.const 0) (i32.const 0) (i32.const -1))");
        cases.push(Case::new(&format!("fd_seek of file {file}"), &answers(&call)).exits(seek));
        let call = format!("(call $fd_close (i32.const {file}))");
        cases.push(Case::new(&format!("fd_close of file {file}"), &answers(&call)).exits(close));
    }
    for (file, rights) in [(0, 2_u64), (1, 64), (2, 64)] {
        let mut bytes = [0; 24];
        bytes[8..16].copy_from_slice(&rights.to_le_bytes());
        let call = format!("(call $fd_fdstat_get (i32.const {file}) (i32.const 64))");
        let before = "(memory.fill (i32.const 64) (i32.const 255) (i32.const 24))";
        cases.push(
            Case::new(&format!("fd_fdstat_get of file {file}"), &shows(64, 24, before, &call)).gives(&bytes),
        );
    }
    cases.push(
        Case::new("fd_fdstat_get of no file", &answers("(call $fd_fdstat_get (i32.const 3) (i32.const -1))"))
            .exits(BAD_FILE),
    );
    cases.push(
        Case::new(
            "fd_fdstat_get to the outside",
            &answers("(call $fd_fdstat_get (i32.const 0) (i32.const 65513))"),
        )
        .exits(FAULT),
    );
    cases
}

/// `fd_read`. What was read is shown from 128 on, and how much that was from 120 on.
pub(crate) fn reading() -> Vec<Case> {
    let read = |list: i64, count: i64, read: i64| {
        format!("(call $fd_read (i32.const 0) (i32.const {list}) (i32.const {count}) (i32.const {read}))")
    };
    let pieces = "(call $piece (i32.const 0) (i32.const 128) (i32.const 3))
                  (call $piece (i32.const 8) (i32.const 131) (i32.const 0))
                  (call $piece (i32.const 16) (i32.const 131) (i32.const 8))";
    let fault = "(call $piece (i32.const 0) (i32.const 128) (i32.const 3))
                 (call $piece (i32.const 8) (i32.const 65530) (i32.const 7))";
    let cat = "(local $n i32)
        (call $piece (i32.const 0) (i32.const 128) (i32.const 7))
        (loop $l
          (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
          (if (local.tee $n (i32.load (i32.const 8)))
            (then (call $show (i32.const 128) (local.get $n)) (br $l))))";
    let large = "(call $piece (i32.const 0) (i32.const 128) (i32.const 2000))";
    vec![
        Case::new("a command copies its input", &command(cat))
            .input(b"a line that is longer than a piece")
            .gives(b"a line that is longer than a piece"),
        Case::new("a command copies no input", &command(cat)).gives(b""),
        Case::new("fd_read fills pieces in order", &shows(120, 16, pieces, &read(0, 3, 120)))
            .input(b"0123456789")
            .gives(b"\x0a\0\0\0\0\0\0\x0001234567"),
        Case::new("fd_read of more than there is", &shows(120, 16, pieces, &read(0, 3, 120)))
            .input(b"01234")
            .gives(b"\x05\0\0\0\0\0\0\x0001234\0\0\0"),
        Case::new("fd_read of nothing", &shows(120, 4, "", &read(0, 0, 120))).input(b"01234").gives(&[0; 4]),
        Case::new("fd_read: a piece that faults stops the rest", &shows(120, 11, fault, &read(0, 2, 120)))
            .input(b"0123456789")
            .exits(FAULT)
            .gives(b"\0\0\0\0\0\0\0\x00012"),
        Case::new("fd_read: what is not filled may lie outside", &shows(120, 11, fault, &read(0, 2, 120)))
            .input(b"012345678")
            .gives(b"\x09\0\0\0\0\0\0\x00012"),
        Case::new(
            "fd_read: behind the end of the input no piece is looked at",
            &answers(&read(65_530, 9, 120)),
        ),
        Case::new("fd_read: a list that is outside", &answers(&read(65_529, 1, 120)))
            .input(b"x")
            .exits(FAULT),
        Case::new(
            "fd_read: an empty piece beyond memory",
            &shows(120, 4, "(call $piece (i32.const 0) (i32.const 65537) (i32.const 0))", &read(0, 1, 120)),
        )
        .input(b"x")
        .exits(FAULT),
        Case::new(
            "fd_read: the count is outside, what was read is read",
            &shows(128, 4, pieces, &read(0, 1, -1)),
        )
        .input(b"0123")
        .exits(FAULT)
        .gives(b"012\0"),
        Case::new(
            "fd_read of file 1",
            &answers("(call $fd_read (i32.const 1) (i32.const -1) (i32.const 1) (i32.const 120))"),
        )
        .exits(BAD_FILE),
        Case::new("fd_read costs gas by the piece", &answers(&read(0, -1, 120))).ends(Status::OutOfGas),
        Case::new("fd_read costs gas by the byte", &shows(120, 8, large, &read(0, 1, 120)))
            .input(&[b'x'; 1_999]),
    ]
}

/// `fd_write`.
pub(crate) fn writing() -> Vec<Case> {
    let write = |file: u32, list: i64, count: i64, written: i64| {
        format!(
            "(call $fd_write (i32.const {file}) (i32.const {list}) (i32.const {count}) (i32.const {written}))"
        )
    };
    let pieces = "(memory.fill (i32.const 128) (i32.const 97) (i32.const 4)) (memory.fill (i32.const 132) (i32.const 98) (i32.const 4))
                  (call $piece (i32.const 0) (i32.const 132) (i32.const 3))
                  (call $piece (i32.const 8) (i32.const 65536) (i32.const 0))
                  (call $piece (i32.const 16) (i32.const 128) (i32.const 2))";
    let fault = "(call $piece (i32.const 0) (i32.const 128) (i32.const 3))
                 (call $piece (i32.const 8) (i32.const 65530) (i32.const 7))";
    let brim = |second: u32| {
        command_with(
            257,
            &format!(
                "(memory.fill (i32.const 65536) (i32.const 171) (i32.const 16777214))
             (call $piece (i32.const 0) (i32.const 65536) (i32.const 16777214))
             (call $piece (i32.const 8) (i32.const 65536) (i32.const {second}))
             (call $proc_exit {})",
                write(1, 0, 2, 120)
            ),
        )
    };
    let log = "(local $n i32)
        (call $piece (i32.const 0) (i32.const 0) (i32.const 60000))
        (loop $l
          (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 65008)))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
        (call $show (i32.const 65008) (i32.const 4))";
    vec![
        Case::new("fd_write takes pieces in order", &shows(120, 4, pieces, &write(1, 0, 3, 120)))
            .gives(b"bbbaa\x05\0\0\0"),
        Case::new("fd_write of nothing", &shows(120, 4, "", &write(1, -1, 0, 120))).gives(&[0; 4]),
        Case::new(
            "fd_write: a piece that faults stops the rest",
            &shows(120, 4, fault, &write(1, 0, 2, 120)),
        )
        .exits(FAULT)
        .gives(&[0; 7]),
        Case::new("fd_write: a list that is outside", &answers(&write(1, 65_529, 1, 120))).exits(FAULT),
        Case::new(
            "fd_write: an empty piece beyond memory",
            &shows(
                120,
                0,
                "(call $piece (i32.const 0) (i32.const 65537) (i32.const 0))",
                &write(2, 0, 1, 120),
            ),
        )
        .exits(FAULT),
        Case::new(
            "fd_write: the count is outside, what was written is written",
            &shows(120, 0, pieces, &write(1, 0, 1, 65_533)),
        )
        .exits(FAULT)
        .gives(b"bbb"),
        Case::new("fd_write to the log is no output", &command(log)).gives(&le(&[60_000])),
        Case::new("fd_write of file 0", &answers(&write(0, -1, 1, 120))).exits(BAD_FILE),
        Case::new("fd_write of no file", &answers(&write(3, -1, 1, 120))).exits(BAD_FILE),
        Case::new("fd_write costs gas by the piece", &answers(&write(1, 0, -1, 120))).ends(Status::OutOfGas),
        Case::new("fd_write to the brim", &brim(2)),
        Case::new("fd_write beyond the brim takes the pieces before", &brim(3)).exits(NO_SPACE),
    ]
}

/// How a command ends.
pub(crate) fn ends() -> Vec<Case> {
    let said = "(memory.fill (i32.const 128) (i32.const 97) (i32.const 4)) (call $show (i32.const 128) (i32.const 4))";
    vec![
        Case::new("a command returns", &command(said)).gives(b"aaaa"),
        Case::new("a command does nothing", &command("")).gives(b""),
        Case::new("proc_exit 0", &command(&format!("{said} (call $proc_exit (i32.const 0)) unreachable"))).gives(b"aaaa"),
        Case::new("proc_exit 7", &command(&format!("{said} (call $proc_exit (i32.const 7)) unreachable"))).exits(7).gives(b"aaaa"),
        Case::new("proc_exit -1", &command("(call $proc_exit (i32.const -1))")).exits(u32::MAX).gives(b""),
        Case::new("a trap takes the output with it", &command(&format!("{said} unreachable"))).ends(Status::Trap).gives(b""),
        Case::new("an endless command", &command(&format!("{said} (loop (br 0))"))).gas(100_000).ends(Status::OutOfGas).gives(b""),
        Case::new("the host takes the last gas", &command("(loop (drop (call $environ_get (i32.const 0) (i32.const 0))) (br 0))")).gas(10_000).ends(Status::OutOfGas),
        Case::new("a command without memory", "(module (func (export \"_start\")))").ends(Status::BadAbi),
        Case::new("a command whose memory is a table", "(module (table (export \"memory\") 1 funcref) (func (export \"_start\")))").ends(Status::BadAbi),
        Case::new("_start takes a number", "(module (memory (export \"memory\") 1) (func (export \"_start\") (param i32)))").ends(Status::BadAbi),
        Case::new("a start function writes before _start does", "(module
            (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export \"memory\") 1) (data (i32.const 8) \"\\00\\00\\00\\00\\03\\00\\00\\00\")
            (func $say (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))
            (start $say) (func (export \"_start\") (call $say)))").gives(&[0; 6]),
    ]
}
