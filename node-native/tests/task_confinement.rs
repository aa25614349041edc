//! Goal: the process that compiles other people's modules reaches nothing but its input and its output. Method: this test starts
//! itself again as a child that is confined as that process is, and tries what an intruder would; and a program that stands in for
//! the compiler writes down what it was told.

use std::fs::{self, File, OpenOptions};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use tabmesh_native::task::confinement::confine_this_process;
use tabmesh_native::task::{Compiler, EngineKind, Executor, HostLimits, Status, Task};

const CHILD: &str = "TRY_TO_BREAK_OUT_OF";

#[test]
fn a_confined_process_reaches_no_file_no_network_and_no_other_process() {
    if let Some(dir) = std::env::var_os(CHILD) {
        return break_out(Path::new(&dir));
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("secret"), "secret").expect("written");
    let mut other = Command::new("sleep").arg("60").spawn().expect("it starts");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let output = Command::new(std::env::current_exe().expect("this test's path"))
        .args([
            "--exact",
            "a_confined_process_reaches_no_file_no_network_and_no_other_process",
            "--nocapture",
        ])
        .args(["--test-threads", "1"])
        .env(CHILD, dir.path())
        .env("PORT", listener.local_addr().expect("an address").port().to_string())
        .env("VICTIM", other.id().to_string())
        .output()
        .expect("the child runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let is_alive = other.try_wait().expect("ours").is_none();
    other.kill().expect("ours");
    other.wait().expect("gone");
    assert!(told.contains("tried everything"), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let out: Vec<&str> = told.lines().filter(|line| line.starts_with("could ")).collect();
    assert_eq!(out, Vec::<&str>::new());
    assert!(is_alive);
    assert_eq!(fs::read(dir.path().join("secret")).expect("still there"), b"secret");
}

fn break_out(dir: &Path) {
    let number = |name| std::env::var(name).expect("set by the parent").parse::<i32>().expect("a number");
    let (port, victim) = (number("PORT") as u16, number("VICTIM"));
    confine_this_process();
    let tries: [(&str, bool); 9] = [
        ("read a file", File::open(dir.join("secret")).is_ok()),
        ("write a file", OpenOptions::new().append(true).open(dir.join("secret")).is_ok()),
        ("make a file", File::create(dir.join("new")).is_ok()),
        ("remove a file", fs::remove_file(dir.join("secret")).is_ok()),
        ("reach a port", TcpStream::connect(("127.0.0.1", port)).is_ok()),
        ("send a datagram", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("open a socket", UnixListener::bind(dir.join("socket")).is_ok()),
        ("start a program", Command::new("/bin/true").status().is_ok()),
        ("signal a process", {
            let pid = rustix::process::Pid::from_raw(victim).expect("a process");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok()
        }),
    ];
    for (what, was_possible) in tries {
        println!("{}{what}", if was_possible { "could " } else { "no: " });
    }
    println!("tried everything");
}

#[test]
fn a_compiler_is_told_nothing_of_its_hosts_environment() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let program = dir.path().join("compiler");
    let told = dir.path().join("told");
    fs::write(&program, format!("#!/bin/sh\nenv > {}\n", told.display())).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("ours");
    let engine = EngineKind::Wasmtime.build_with(Compiler::Apart(program)).expect("wasmtime works here");
    let module = wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#)
        .expect("good text");
    let outcome = Executor::new(engine, HostLimits::default()).run(&Task::new(module), None);
    assert_eq!(outcome.status(), Status::Abort);
    let told = fs::read_to_string(told).expect("it ran");
    // What the shell sets by itself.
    let names: Vec<&str> = told.lines().filter_map(|line| line.split('=').next()).collect();
    assert!(names.iter().all(|name| ["PWD", "SHLVL", "_", "OLDPWD"].contains(name)), "{told}");
}
