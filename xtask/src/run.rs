//! Runs other programs, and fails in a sentence.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// A program about to run in the root of the repository, with our tools first on its `PATH`.
pub(crate) struct Run {
    command: Command,
}

/// Prepares to run `program`.
pub(crate) fn run(program: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).env("PATH", workspace::search_path()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_xtask) {
            command.env_remove(name);
        }
    }
    Run { command }
}

/// Whether cargo set the variable for xtask. Handed on, it would look to build scripts (ring's) as if the machine had
/// changed, and half of WebRTC would be compiled again with every change between `cargo` and `cargo xtask`.
fn is_about_xtask(name: &str) -> bool {
    let exact = ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start)) || exact.contains(&name)
}

/// Prepares to run cargo with `args`, parted by spaces.
pub(crate) fn cargo(args: &str) -> Run {
    run("cargo").words(args)
}

impl Run {
    /// Appends one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Appends arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Appends the words of `text`.
    pub(crate) fn words(self, text: &str) -> Self {
        self.args(text.split_whitespace())
    }

    /// Runs in `dir` instead of the root.
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs to the end, its output shown.
    ///
    /// # Errors
    /// When the program cannot start or does not exit with 0.
    pub(crate) fn wait(mut self) -> Result<()> {
        let shown = self.shown();
        let status = self.command.status().with_context(|| cannot_start(&shown))?;
        if !status.success() {
            bail!("`{shown}` failed: {status}");
        }
        Ok(())
    }

    /// Runs to the end, its output shown, but not longer than `limit`.
    ///
    /// # Errors
    /// When the program cannot start, does not exit with 0, or was stopped at the limit.
    pub(crate) fn wait_within(mut self, limit: Duration) -> Result<()> {
        let shown = self.shown();
        let mut child = self.command.spawn().with_context(|| cannot_start(&shown))?;
        let start = Instant::now();
        loop {
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("`{shown}` failed: {status}"),
                None if start.elapsed() < limit => thread::sleep(Duration::from_millis(50)),
                None => {
                    child.kill()?;
                    child.wait()?;
                    bail!("`{shown}` took more than {} s", limit.as_secs());
                }
            }
        }
    }

    /// Runs to the end and gives what it printed, trimmed; what it said on standard error is shown only on failure.
    ///
    /// # Errors
    /// When the program cannot start or does not exit with 0.
    pub(crate) fn read(mut self) -> Result<String> {
        let shown = self.shown();
        let output = self.command.output().with_context(|| cannot_start(&shown))?;
        if !output.status.success() {
            bail!("`{shown}` failed: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The command, to be started by other means than [`Run::wait`] and [`Run::read`].
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    fn shown(&self) -> String {
        let mut words = vec![self.command.get_program().to_string_lossy().into_owned()];
        words.extend(self.command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
        let dir = self.command.get_current_dir().filter(|dir| *dir != workspace::root());
        let place = dir.map(|dir| format!("cd {} && ", workspace::shown(dir))).unwrap_or_default();
        place + &words.join(" ")
    }
}

fn cannot_start(shown: &str) -> String {
    format!("`{shown}` does not start: is the program installed and on PATH?")
}
