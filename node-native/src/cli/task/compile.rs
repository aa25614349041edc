//! `task compile`: the metered module on the standard input as code on the standard output, for [`Compiler::Apart`].
//!
//! [`Compiler::Apart`]: crate::task::Compiler::Apart

use std::io::{Read, Write};

use super::common::apart;
use super::error::TaskError;
use crate::cli::error::CliError;
use crate::task::confinement;
use crate::task::room::Room;

pub(super) async fn compile(narrow: bool) -> Result<(), CliError> {
    confinement::confine_this_process();
    let room = if narrow { Room::Narrow } else { Room::Wide };
    apart(move || {
        let mut metered = Vec::new();
        std::io::stdin().read_to_end(&mut metered).map_err(CliError::Host)?;
        let code = crate::task::wasmtime::code(&metered, room).map_err(TaskError::NotCompiled)?;
        std::io::stdout().write_all(&code).map_err(CliError::Host)
    })
    .await
}
