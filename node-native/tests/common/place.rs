//! A node with jobs among nodes that offer: real processes that meet at a signalling server in this one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tabmesh_signalling::{Config, Server};
use tempfile::TempDir;

use super::guest::{DOUBLE, module};
use super::program::*;
use super::temporary;

/// A node that asks, others that offer, and a directory for files.
pub struct Place {
    pub asking: Node,
    pub offering: Vec<Node>,
    dir: TempDir,
    _dirs: Vec<TempDir>,
}

/// A signalling server that runs for as long as the tests do.
fn signalling() -> String {
    let (sender, address) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let listen = SocketAddr::from(([127, 0, 0, 1], 0));
            let server = Server::bind(Config { listen, ..Config::default() }).await.expect("a server");
            sender.send(server.address()).expect("awaited");
            server.run().await
        });
    });
    format!("ws://{}/signal", address.recv().expect("it listens"))
}

impl Place {
    pub fn new(offering: usize) -> Self {
        Self::with(offering, &[])
    }

    /// So many that offer, and further programs that do as `tabmesh` does.
    pub fn with(offering: usize, others: &[PathBuf]) -> Self {
        let signalling = signalling();
        let mut dirs = Vec::new();
        let mut node = |program: Command, args: &[&str]| {
            dirs.push(temporary());
            let args = [&["--signalling", &signalling], args].concat();
            Node::start_by(program, dirs.last().expect("made").path(), &args)
        };
        let asking = node(tabmesh(), &[]);
        let mut offering: Vec<Node> =
            (0..offering).map(|_| node(tabmesh(), &["--offer", "true", "--offer-cores", "1"])).collect();
        offering.extend(others.iter().map(|program| node(Command::new(program), &[])));
        asking.until_joined();
        for node in &offering {
            node.until_joined();
            until("offering", || node.json(&["peers"]).as_array().is_some_and(|peers| !peers.is_empty()));
        }
        let count = offering.len() - others.len();
        let place = Self { asking, offering, dir: temporary(), _dirs: dirs };
        place.until_found(count);
        place
    }

    /// Executors announce themselves once their neighbourhood has settled.
    fn until_found(&self, count: usize) {
        self.module("double", DOUBLE);
        let mut turn = 0;
        until("all executors found", || {
            turn += 1;
            std::fs::write(self.path("many"), "12345678\n".repeat(200)).expect("written");
            let (many, out) = (self.text("many"), self.text(&format!("warm-{turn}")));
            let output = self.job(&[
                "run",
                &self.text("double.wasm"),
                "--lines",
                &many,
                "-o",
                &out,
                "--validation",
                "0",
            ]);
            assert!(output.status.success(), "{}", stderr(&output));
            let served = |node: &Node| {
                node.json(&["offer", "status"])["done"].as_array().is_some_and(|done| !done.is_empty())
            };
            self.offering[..count].iter().all(served)
        });
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("plain").to_owned()
    }

    pub fn module(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(&format!("{name}.wasm")), module(text)).expect("written");
        self.text(&format!("{name}.wasm"))
    }

    /// Lines of so many digits.
    pub fn lines(&self, count: u32, digits: usize) -> String {
        let text: String = (0..count).map(|number| format!("{number:0digits$}\n")).collect();
        std::fs::write(self.path("lines"), text).expect("written");
        self.text("lines")
    }

    pub fn job(&self, args: &[&str]) -> Output {
        self.asking.run(&[&["job"], args].concat())
    }

    /// A job that begins, and is left alone.
    pub fn spawn(&self, args: &[&str]) -> Process {
        let mut command = tabmesh();
        command.arg("job").args(args).arg("--data-dir").arg(&self.asking.dir);
        Process(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts"))
    }
}

/// The last line of an answer in JSON.
pub fn last_json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().expect("a line")).expect("JSON")
}

/// The root of a job that ended well.
pub fn root(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    last_json(output)["root"].as_str().expect("a root").to_owned()
}
