//! A program that answers one question, or has one stream.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process_group};
use tabmesh_engine::limits::MESSAGE_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use super::error::CliError;

/// What is asked.
pub(super) struct Asked {
    /// 64 hexadecimal digits.
    pub(super) from: String,
    pub(super) is_proven: bool,
    pub(super) deadline: Instant,
    pub(super) bytes: Vec<u8>,
}

/// Whether a program is there, before anybody needs it. It may be gone when they do.
///
/// # Errors
///
/// [`CliError::NoProgram`].
pub(super) fn look_up(program: &[OsString]) -> Result<(), CliError> {
    let name = program.first().cloned().unwrap_or_default();
    let can_be_run = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let is_there = if name.as_encoded_bytes().contains(&b'/') {
        can_be_run(Path::new(&name))
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).any(|folder| can_be_run(&folder.join(&name)))
    };
    is_there.then_some(()).ok_or_else(|| CliError::NoProgram(name.display().to_string()))
}

/// Runs a program with its arguments: its input is the question, its output the answer. `None` if it cannot be started, fails, or says more
/// than an answer has room for. Dropping the future ends the program and what it started.
pub(super) async fn run(program: &[OsString], asked: Asked) -> Option<Vec<u8>> {
    let proven = if asked.is_proven { "1" } else { "0" };
    let variables = [("TABMESH_ASKER", &asked.from[..]), ("TABMESH_ASKER_PROVEN", proven)];
    let started = Running::start(program, &variables).inspect_err(|error| note!("{error}"));
    let (mut running, mut input, output) = started.ok()?;
    let feed = async move {
        // It need not read what it was asked.
        let _ = input.write_all(&asked.bytes).await;
    };
    let mut answer = Vec::new();
    let mut output = output.take(MESSAGE_MAX as u64 + 1);
    let (read, ()) = tokio::join!(output.read_to_end(&mut answer), feed);
    let is_answer = read.is_ok() && answer.len() <= MESSAGE_MAX;
    if !is_answer {
        note!("the program {} says more than 32 KiB; it is ended", program[0].display());
        return None;
    }
    running.end().await.is_some_and(|status| status.success()).then_some(answer)
}

/// A program and what it started: dropping it ends them.
pub(super) struct Running {
    child: Child,
    has_ended: bool,
}

impl Running {
    /// Starts a program with its arguments, and these variables in its environment.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(super) fn start(
        program: &[OsString],
        variables: &[(&str, &str)],
    ) -> Result<(Self, ChildStdin, ChildStdout), CliError> {
        let name = program.first().cloned().unwrap_or_default();
        let broken = |source| CliError::File { path: name.clone().into(), source };
        let mut child = Command::new(&name)
            .args(program.get(1..).unwrap_or(&[]))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(broken)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let running = Self { child, has_ended: false };
        let (input, output) = pipes.ok_or_else(|| broken(io::ErrorKind::BrokenPipe.into()))?;
        Ok((running, input, output))
    }

    /// Waits for its end.
    pub(super) async fn end(&mut self) -> Option<ExitStatus> {
        let status = self.child.wait().await.ok();
        // Its number may be another's from now on.
        self.has_ended = true;
        status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group.filter(|_| !self.has_ended) {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
