//! The running parts: started with a log each, watched, and stopped in the reverse order.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::Run;
use crate::step::note;
use crate::workspace;

/// How long a part may take to say goodbye before it is killed.
const STOP_MAX: Duration = Duration::from_secs(10);

/// How often a wait looks again.
const GLANCE: Duration = Duration::from_millis(50);

/// Parts that stop when this is dropped.
pub(super) struct Children {
    dir: PathBuf,
    stop: Receiver<()>,
    running: Vec<(String, Child)>,
}

impl Children {
    /// Keeps state and logs in `dir`; a message on `stop` ends every wait.
    pub(super) fn new(dir: PathBuf, stop: Receiver<()>) -> Result<Self> {
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", workspace::shown(&dir)))?;
        Ok(Self { dir, stop, running: Vec::new() })
    }

    /// Where state and logs are.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of a file that is not there yet: one of an earlier run is removed.
    pub(super) fn fresh(&self, name: &str) -> Result<PathBuf> {
        let file = self.dir.join(name);
        if file.exists() {
            fs::remove_file(&file)?;
        }
        Ok(file)
    }

    /// Starts a part. It gets a process group of its own, so that Ctrl-C in the terminal reaches only us and the
    /// parts stop in order.
    pub(super) fn start(&mut self, name: &str, part: Run) -> Result<()> {
        let log = File::create(self.log(name))?;
        let mut command = part.into_command();
        command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.running.push((name.to_owned(), child));
        Ok(())
    }

    /// Waits until the part has written `file`, and gives its first line.
    ///
    /// # Errors
    /// When the part ends, `longest` passes, or Ctrl-C comes; with the end of the part's log.
    pub(super) fn wait_for_file(&mut self, name: &str, file: &Path, longest: Duration) -> Result<String> {
        self.wait(name, longest, || {
            let text = fs::read_to_string(file).ok()?;
            text.split_once('\n').map(|(line, _)| line.trim().to_owned())
        })
    }

    /// Waits until the part says at `address` that it is well.
    ///
    /// # Errors
    /// As [`Children::wait_for_file`].
    pub(super) fn wait_for_health(&mut self, name: &str, address: &str, longest: Duration) -> Result<()> {
        self.wait(name, longest, || is_healthy(address).then_some(()))
    }

    fn wait<T>(&mut self, name: &str, longest: Duration, probe: impl Fn() -> Option<T>) -> Result<T> {
        let end = Instant::now() + longest;
        loop {
            if let Some(found) = probe() {
                return Ok(found);
            }
            if let Some(ended) = self.ended()? {
                bail!("{ended}");
            }
            if Instant::now() > end {
                bail!("{name} did not come up within {} s{}", longest.as_secs(), self.log_end(name));
            }
            if self.stop.recv_timeout(GLANCE) != Err(RecvTimeoutError::Timeout) {
                bail!("stopped while {name} came up");
            }
        }
    }

    /// Waits for Ctrl-C, and stops everything then.
    ///
    /// # Errors
    /// When a part ends by itself; the others are stopped.
    pub(super) fn watch(mut self) -> Result<()> {
        while self.stop.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
            if let Some(ended) = self.ended()? {
                bail!("{ended}");
            }
        }
        println!();
        self.stop_all();
        Ok(())
    }

    /// What to say about a part that ended by itself.
    fn ended(&mut self) -> Result<Option<String>> {
        for (name, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                let name = name.clone();
                return Ok(Some(format!("{name} ended by itself: {status}{}", self.log_end(&name))));
            }
        }
        Ok(None)
    }

    fn stop_all(&mut self) {
        while let Some((name, mut child)) = self.running.pop() {
            // A part that is gone already cannot be told; waiting for it below still reaps it.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
            let end = Instant::now() + STOP_MAX;
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::sleep(GLANCE);
            }
            if matches!(child.try_wait(), Ok(None)) {
                note(&format!("{name} did not stop within {} s: killing it", STOP_MAX.as_secs()));
                let _ = child.kill();
            }
            if let Ok(status) = child.wait() {
                note(&format!("{name} stopped: {status}"));
            }
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.log"))
    }

    fn log_end(&self, name: &str) -> String {
        let log = fs::read_to_string(self.log(name)).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(15)..];
        format!("\n   the end of {}:\n   {}", workspace::shown(&self.log(name)), last.join("\n   "))
    }
}

/// Whether `GET /healthz` at `address` answers 200 within a second.
fn is_healthy(address: &str) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut head = vec![0; b"HTTP/1.1 200".len()];
        stream.read_exact(&mut head)?;
        Ok(head)
    };
    ask().is_ok_and(|head| head == b"HTTP/1.1 200")
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::run::run;

    const SOON: Duration = Duration::from_secs(20);

    fn children(name: &str) -> (Children, Sender<()>) {
        let (sender, receiver) = channel();
        let dir = std::env::temp_dir().join(format!("tabmesh-up-{name}-{}", std::process::id()));
        (Children::new(dir, receiver).unwrap(), sender)
    }

    fn shell(script: &str) -> Run {
        run("sh").args(["-c", script])
    }

    #[test]
    fn a_part_is_waited_for_and_stopped() {
        let (mut children, stop) = children("good");
        let file = children.fresh("address").unwrap();
        children.start("good", shell(&format!("echo here > '{}'; exec sleep 100", file.display()))).unwrap();
        assert_eq!(children.wait_for_file("good", &file, SOON).unwrap(), "here");
        let dir = children.dir().to_owned();
        stop.send(()).unwrap();
        let start = Instant::now();
        children.watch().unwrap();
        assert!(start.elapsed() < STOP_MAX, "it was asked to stop, and did");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_part_that_ends_by_itself_is_told_with_the_end_of_its_log() {
        let (mut children, _stop) = children("bad");
        let dir = children.dir().to_owned();
        let file = children.fresh("address").unwrap();
        children.start("bad", shell("echo no room for me; exit 3")).unwrap();
        let error = children.wait_for_file("bad", &file, SOON).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("no room for me"), "{error}");
        drop(children);
        fs::remove_dir_all(dir).unwrap();
    }
}
