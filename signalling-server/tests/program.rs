//! Goal: the program behaves at the command line as its help says.
//! Method: the real binary, with flags, environment, files and signals.

mod support;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use support::{Heard, Peer, http};
use tabmesh_engine::wire::signal::Refusal;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tabmesh-signalling"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TABMESH_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The configuration that these arguments and this environment make.
fn shown(arguments: &[&str], environment: &[(&str, &str)]) -> toml::Table {
    let output = run(program().arg("--print-config").args(arguments).envs(environment.iter().copied()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    toml::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap()
}

/// What the program says when it does not start.
fn complaint(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(program().args(arguments).envs(environment.iter().copied()));
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A running program, killed if the test fails. It logs to a file, because a full pipe would hold it up.
struct Running {
    child: Child,
    log: File,
}

impl Running {
    fn start(directory: &Path, arguments: &[&str]) -> (Self, SocketAddr) {
        let file = directory.join("address");
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0", "--address-file"]).arg(&file).args(arguments);
        let log = tempfile::tempfile().unwrap();
        command.stderr(log.try_clone().unwrap());
        let running = Self { child: command.spawn().unwrap(), log };
        let begun = Instant::now();
        while !file.exists() {
            assert!(begun.elapsed() < support::PATIENCE, "the program never wrote its address");
            std::thread::sleep(Duration::from_millis(5));
        }
        let address = fs::read_to_string(file).unwrap().trim().parse().unwrap();
        (running, address)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end: the exit code, and what was logged.
    fn ended(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < support::PATIENCE, "the program does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut log = String::new();
        self.log.rewind().unwrap();
        self.log.read_to_string(&mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("signalling.toml");
    fs::write(
        &file,
        "level = 1\nconnections = 11\nmessage-rate = 1.5\norigin = [\"https://file.example\"]\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let environment = [
        ("TABMESH_SIGNALLING_CONFIG", file),
        ("TABMESH_SIGNALLING_LEVEL", "2"),
        ("TABMESH_SIGNALLING_CONNECTIONS", "22"),
        ("TABMESH_SIGNALLING_BEHIND_PROXY", "true"),
    ];
    let config = shown(&["--level", "3"], &environment);
    assert_eq!(config["level"].as_integer(), Some(3), "flag");
    assert_eq!(config["connections"].as_integer(), Some(22), "environment");
    assert_eq!(config["behind-proxy"].as_bool(), Some(true), "environment");
    assert_eq!(config["message-rate"].as_float(), Some(1.5), "file");
    assert_eq!(config["origin"].as_array().unwrap().len(), 1, "file");
    assert_eq!(config["message-burst"].as_integer(), Some(60), "default");

    let config =
        shown(&["--config", file, "--behind-proxy=false"], &[("TABMESH_SIGNALLING_BEHIND_PROXY", "true")]);
    assert_eq!(config["behind-proxy"].as_bool(), Some(false));
}

#[test]
fn origins_are_repeated_as_flags_and_separated_by_commas_in_the_environment() {
    let expected = ["https://a.example", "https://b.example"];
    let by_flags = shown(&["--origin", expected[0], "--origin", expected[1]], &[]);
    let by_environment = shown(&[], &[("TABMESH_SIGNALLING_ORIGIN", "https://a.example,https://b.example")]);
    for config in [by_flags, by_environment] {
        let origins: Vec<_> =
            config["origin"].as_array().unwrap().iter().map(|o| o.as_str().unwrap()).collect();
        assert_eq!(origins, expected);
    }
}

#[test]
fn every_mistake_is_named_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("signalling.toml");
    fs::write(&file, "message-size = 5\n").unwrap();
    let file = file.to_str().unwrap();
    let missing = directory.path().join("missing/address");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, environment, expected) in [
        (vec!["--config", file], vec![], ["error[config-file]", "message-size"]),
        (vec!["--config", "no/such.toml"], vec![], ["error[config-unreadable]", "no/such.toml"]),
        (vec!["--level", "17"], vec![], ["error[config-bounds]", "from 0 to 16"]),
        (vec!["--ping-seconds", "100"], vec![], ["error[config-contradiction]", "idle-seconds"]),
        (vec!["--origin", "app.example"], vec![], ["--origin", "https://app.example"]),
        (vec!["--no-such-flag"], vec![], ["--no-such-flag", "--help"]),
        (vec![], vec![("TABMESH_SIGNALLING_LISTEN", "nowhere")], ["nowhere", "0.0.0.0:7070"]),
        (vec!["--connections", "many"], vec![], ["--connections", "a whole number"]),
        (vec!["--address-rate", "fast"], vec![], ["--address-rate", "a number, such as 0.5"]),
        (vec!["--log", "a=b=c"], vec![], ["error[log-filter]", "a=b=c"]),
        (vec!["--listen", &taken], vec![], ["error[listen]", "--listen"]),
        (vec!["--listen", "127.0.0.1:0", "--web", "no/app"], vec![], ["error[web]", "no/app"]),
        (vec!["--genesis", "no/genesis"], vec![], ["error[genesis]", "genesis pack"]),
        (
            vec!["--listen", "127.0.0.1:0", "--address-file", missing.to_str().unwrap()],
            vec![],
            ["error[address-file]", "--address-file"],
        ),
    ] {
        let complaint = complaint(&arguments, &environment);
        for part in expected {
            assert!(complaint.contains(part), "{part:?} is not in {complaint:?}");
        }
    }
}

#[test]
fn the_help_names_every_option_with_its_variable_and_default() {
    let output = run(program().arg("--help"));
    let help = String::from_utf8(output.stdout).unwrap();
    for key in shown(&[], &[]).keys() {
        assert!(help.contains(&format!("--{key}")), "{key}");
        let variable = format!("TABMESH_SIGNALLING_{}", key.to_uppercase().replace('-', "_"));
        assert!(help.contains(&variable), "{variable}");
    }
    for (key, value) in shown(&[], &[]) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = value.strip_suffix(".0").unwrap_or(&value);
        assert!(help.contains(&format!("[default: {value}")), "the default {value} of {key}");
    }
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains("0 to 16 [default: 0]"), "{help}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains_and_ends_well() {
    let directory = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let (running, address) = Running::start(directory.path(), &[]);
        let mut peer = Peer::joined(address).await;
        running.signal(signal);
        peer.is_refused(Refusal::Draining, 1001).await;
        drop(peer);
        let (code, log) = tokio::task::spawn_blocking(|| running.ended()).await.unwrap();
        assert_eq!(code, Some(0), "{log}");
        for word in ["listening", "draining", "drained", &address.to_string()] {
            assert!(log.contains(word), "{word} is not in {log}");
        }
        fs::remove_file(directory.path().join("address")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait() {
    let directory = tempfile::tempdir().unwrap();
    let (running, address) = Running::start(directory.path(), &["--drain-seconds", "3600"]);
    let (stubborn, _) = support::raw::join(address, support::NETWORK).await;
    running.signal(Signal::TERM);
    while http::get(address, "/healthz").await.status == 200 {}
    running.signal(Signal::TERM);
    let (code, log) = tokio::task::spawn_blocking(|| running.ended()).await.unwrap();
    assert_eq!(code, Some(1), "{log}");
    drop(stubborn);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_json_and_never_has_an_envelope_in_it() {
    const SECRET: &str = "zzsecretzz";
    let directory = tempfile::tempdir().unwrap();
    let (running, address) = Running::start(directory.path(), &["--log", "trace", "--log-format", "json"]);
    let mut alice = Peer::joined(address).await;
    let mut bob = Peer::joined(address).await;
    bob.relay(alice.id(), SECRET.as_bytes()).await;
    assert!(matches!(alice.hear().await, Heard::Deliver { .. }));
    drop((alice, bob));
    running.signal(Signal::TERM);
    let (_, log) = tokio::task::spawn_blocking(|| running.ended()).await.unwrap();
    assert!(log.lines().count() >= 5, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string());
    }
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{:?}", SECRET.as_bytes());
    for form in [SECRET, &hex, list.trim_matches(['[', ']'])] {
        assert!(!log.contains(form), "the envelope is in the log as {form:?}");
    }
}
