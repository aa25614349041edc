//! Where a module becomes code. A compiler takes minutes and gigabytes for some hundred kilobytes that were made against it, and
//! a thread cannot be ended: a process can.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::engine::{CompileError, Watchdog};
use super::room::Room;

/// Bytes of code that are taken.
const CODE_BYTES_MAX: u64 = 256 << 20;

/// How often the watchdog is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// How a process says that the module is invalid.
pub const EXIT_INVALID: u8 = 3;

/// Where modules are compiled.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Compiler {
    /// In this process, which waits for as long as it takes.
    #[default]
    Here,
    /// In a process of its own of this program, the `tabmesh` that this process is: ended by the watchdog, and bounded.
    Apart(PathBuf),
}

impl Compiler {
    /// The running program, if it can be found, as the compiler apart.
    #[must_use]
    pub fn of_this_program() -> Self {
        std::env::current_exe().map_or(Self::Here, Self::Apart)
    }
}

/// Has a module compiled by the program.
pub(super) fn compile(
    program: &Path,
    room: Room,
    metered: &[u8],
    watchdog: &Watchdog,
) -> Result<Vec<u8>, CompileError> {
    let mut command = Command::new(program);
    command.args(["task", "compile"]);
    // Its own limit is another.
    if room == Room::Narrow {
        command.arg("--narrow");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What this process was told, tokens perhaps, is none of that one's business.
    command.env_clear();
    let mut child = command.spawn().map_err(|_| CompileError::Failed)?;
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(CompileError::Failed);
    };
    let (sender, code) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut code = Vec::new();
            let read = from.take(CODE_BYTES_MAX).read_to_end(&mut code);
            let _ = sender.send(read.map(|_| code));
        });
        // Read to its end before anything is compiled; a process that ended sooner tells by its status why.
        let _ = to.write_all(metered);
        drop(to);
        answer(&mut child, &code, watchdog)
    })
}

/// Waits for the code, the end of the process, or the watchdog. No process is left behind.
fn answer(
    child: &mut Child,
    code: &Receiver<std::io::Result<Vec<u8>>>,
    watchdog: &Watchdog,
) -> Result<Vec<u8>, CompileError> {
    let code = loop {
        match code.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) if !watchdog.is_late() => {}
            other => break other,
        }
    };
    if code.is_err() {
        // Nothing is left to be lost if it has ended by itself.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|_| CompileError::Failed)?;
    match code {
        Err(_) if watchdog.is_late() => Err(CompileError::Late),
        Ok(Ok(code)) if status.success() => Ok(code),
        _ => Err(why_not(status)),
    }
}

fn why_not(status: ExitStatus) -> CompileError {
    match status.code() {
        Some(code) if code == i32::from(EXIT_INVALID) => CompileError::Invalid,
        Some(_) => CompileError::Failed,
        // By a signal: what its bounds end it with.
        None => CompileError::TooMuch,
    }
}
