//! Functions of WASI that a command may import and that do nothing: each answers at once, whatever it is given.

use crate::case::Case;

const BAD_FILE: u32 = 8;
const NOT_THERE: u32 = 52;

/// Each with the types of its parameters.
const FUNCTIONS: [(&str, &str); 32] = [
    ("clock_res_get", "i32 i32"),
    ("fd_advise", "i32 i64 i64 i32"),
    ("fd_allocate", "i32 i64 i64"),
    ("fd_datasync", "i32"),
    ("fd_fdstat_set_flags", "i32 i32"),
    ("fd_fdstat_set_rights", "i32 i64 i64"),
    ("fd_filestat_get", "i32 i32"),
    ("fd_filestat_set_size", "i32 i64"),
    ("fd_filestat_set_times", "i32 i64 i64 i32"),
    ("fd_pread", "i32 i32 i32 i64 i32"),
    ("fd_pwrite", "i32 i32 i32 i64 i32"),
    ("fd_readdir", "i32 i32 i32 i64 i32"),
    ("fd_renumber", "i32 i32"),
    ("fd_sync", "i32"),
    ("fd_tell", "i32 i32"),
    ("path_create_directory", "i32 i32 i32"),
    ("path_filestat_get", "i32 i32 i32 i32 i32"),
    ("path_filestat_set_times", "i32 i32 i32 i32 i64 i64 i32"),
    ("path_link", "i32 i32 i32 i32 i32 i32 i32"),
    ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
    ("path_readlink", "i32 i32 i32 i32 i32 i32"),
    ("path_remove_directory", "i32 i32 i32"),
    ("path_rename", "i32 i32 i32 i32 i32 i32"),
    ("path_symlink", "i32 i32 i32 i32 i32"),
    ("path_unlink_file", "i32 i32 i32"),
    ("poll_oneoff", "i32 i32 i32 i32"),
    ("proc_raise", "i32"),
    ("sched_yield", ""),
    ("sock_accept", "i32 i32 i32"),
    ("sock_recv", "i32 i32 i32 i32 i32 i32"),
    ("sock_send", "i32 i32 i32 i32 i32"),
    ("sock_shutdown", "i32 i32"),
];

/// A command that calls a function with the same number for every parameter and exits with its answer.
fn asks(name: &str, parameters: &str, argument: i32) -> String {
    let arguments: String =
        parameters.split_whitespace().map(|kind| format!("({kind}.const {argument})")).collect();
    format!(
        r#"(module (import "wasi_snapshot_preview1" "{name}" (func $asked (param {parameters}) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start") (call $proc_exit (call $asked {arguments}))))"#
    )
}

/// All of them with numbers that are no file, and some with those of files.
pub(crate) fn cases() -> Vec<Case> {
    let is_of_file = |name: &str| ["fd_", "path_", "sock_"].iter().any(|head| name.starts_with(head));
    let mut cases: Vec<_> = FUNCTIONS
        .iter()
        .map(|(name, parameters)| {
            let answer = if is_of_file(name) { BAD_FILE } else { NOT_THERE };
            Case::new(&format!("{name} is not there"), &asks(name, parameters, -1)).exits(answer)
        })
        .collect();
    for (name, parameters) in FUNCTIONS.iter().filter(|(name, _)| is_of_file(name)).step_by(4) {
        let file = format!("{name} of file 2 is not there");
        cases.push(Case::new(&file, &asks(name, parameters, 2)).exits(NOT_THERE));
        let file = format!("{name} of file 3 is of no file");
        cases.push(Case::new(&file, &asks(name, parameters, 3)).exits(BAD_FILE));
    }
    cases
}
