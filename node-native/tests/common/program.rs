//! Real processes of `tabmesh` on loopback, each with its own data directory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, temporary};

pub fn tabmesh() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabmesh"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TABMESH_")) {
        command.env_remove(name);
    }
    command
}

/// A process that runs; killed when dropped.
pub struct Process(pub Child);

impl Process {
    pub fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().expect("kill runs").success());
    }

    /// Its exit code, once it ended.
    pub fn code(&mut self) -> Option<i32> {
        self.wait().expect("ended").code()
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = self.wait();
    }
}

/// A running node.
pub struct Node {
    pub dir: PathBuf,
    pub address: String,
    pub child: Process,
}

impl Node {
    pub fn start(dir: &Path, args: &[&str]) -> Self {
        Self::start_by(tabmesh(), dir, args)
    }

    /// The same by a command that ends with the program's name.
    pub fn start_by(command: Command, dir: &Path, args: &[&str]) -> Self {
        Self::launch(command, dir, "127.0.0.1:0", args, Stdio::null())
    }

    /// One that listens at this very address.
    pub fn start_at(dir: &Path, address: &str, args: &[&str]) -> Self {
        Self::launch(tabmesh(), dir, address, args, Stdio::null())
    }

    /// One whose log goes to a file.
    pub fn start_logged(dir: &Path, log: &Path, args: &[&str]) -> Self {
        let log = std::fs::File::create(log).expect("made");
        Self::launch(tabmesh(), dir, "127.0.0.1:0", args, log.into())
    }

    fn launch(mut command: Command, dir: &Path, listen: &str, args: &[&str], stderr: Stdio) -> Self {
        let address_file = dir.join("address");
        let _ = std::fs::remove_file(&address_file);
        let child = command
            .args(["run", "--listen", listen, "--udp", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .arg("--address-file")
            .arg(&address_file)
            .args(args)
            .stderr(stderr)
            .spawn()
            .expect("the node starts");
        let mut node = Self { dir: dir.to_owned(), address: String::new(), child: Process(child) };
        until("listening", || address_file.exists());
        node.address = std::fs::read_to_string(&address_file).expect("readable").trim().to_owned();
        node
    }

    /// A command against this node.
    pub fn run(&self, args: &[&str]) -> Output {
        tabmesh().args(args).arg("--data-dir").arg(&self.dir).output().expect("it runs")
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    pub fn id(&self) -> String {
        self.json(&["status"])["id"].as_str().expect("an id").to_owned()
    }

    pub fn until_joined(&self) {
        until("joined", || self.json(&["status"])["joined"] == true);
    }

    pub fn http(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    pub fn signal(&self, name: &str) {
        self.child.signal(name);
    }
}

/// A running command against a node, and what it says.
pub struct Conversation {
    pub child: Process,
    pub output: BufReader<ChildStdout>,
    pub errors: BufReader<ChildStderr>,
}

impl Conversation {
    /// One that has told that it is ready.
    pub fn start(node: &Node, command: &[&str], args: &[&str], ready: &str) -> Self {
        let mut child = tabmesh()
            .args(command)
            .arg("--data-dir")
            .arg(&node.dir)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut conversation = Self { child: Process(child), output, errors };
        let said = conversation.complaint();
        assert!(said.contains(ready), "{said}");
        conversation
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("read");
        assert_eq!(line.pop(), Some('\n'));
        line
    }

    pub fn json_line(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("JSON")
    }

    pub fn complaint(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).expect("read");
        line
    }

    pub fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{line}").expect("written");
    }

    /// Its exit code, and what it printed last.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("read");
        (self.child.code(), rest)
    }
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not {what} in time");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Two nodes, joined: the second knows the first one's address.
pub fn pair() -> (TempDir, TempDir, Node, Node) {
    let (one_dir, two_dir) = (temporary(), temporary());
    let one = Node::start(one_dir.path(), &[]);
    let two = Node::start(two_dir.path(), &["--peer", &format!("ws://{}", one.address)]);
    one.until_joined();
    two.until_joined();
    (one_dir, two_dir, one, two)
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
