//! Goal: a disk that is full, or refuses to grow a file, costs the puts of that time and nothing else. Method: real
//! processes; the store of one of them lies where room can be taken away and given back: behind a limit on the size of
//! files, and, for root, on a small file system of its own.

mod common;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::disk::Disk;
use common::program::*;
use common::temporary;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// More than the store's cache in memory holds.
const FIRST_BYTES: usize = 10 << 20;
const OTHER_BYTES: usize = 9 << 20;

/// Time from room on the disk to the first put.
const BACK_MAX: Duration = Duration::from_secs(20);

#[test]
fn a_store_that_could_not_grow_once_reads_on_and_takes_puts_again() {
    let dir = temporary();
    // A process that writes beyond the limit is ended, unless it ignores the signal.
    let mut command = Command::new("sh");
    command.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"]).arg(tabmesh().get_program());
    let node = Node::start_by(command, dir.path(), &[]);
    let limit = |bytes| {
        let pid = Pid::from_raw(node.child.id() as i32).expect("a process");
        prlimit(Some(pid), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("it is ours");
    };
    let store = dir.path().join("blocks.redb");
    let full = || limit(Some(std::fs::metadata(&store).expect("there").len()));
    course(&node, full, || limit(None));
}

#[test]
fn a_store_on_a_disk_that_was_full_reads_on_and_takes_puts_again() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "only root can mount the small file system");
        return eprintln!("skipped: only root can mount the small file system");
    }
    let disk = Disk::mount("48m");
    let node = Node::start(&disk.place, &[]);
    let filler = disk.place.join("filler");
    let full = || {
        let mut file = File::create(&filler).expect("made");
        while file.write(&[0; 4096]).is_ok() {}
    };
    course(&node, full, || std::fs::remove_file(&filler).expect("removed"));
    drop(node);
}

fn course(node: &Node, full: impl Fn(), room: impl Fn()) {
    let other_dir = temporary();
    let other = Node::start(other_dir.path(), &["--peer", &format!("ws://{}", node.address)]);
    node.until_joined();
    other.until_joined();
    let files = temporary();
    let (first, second) = (file(files.path(), 1, FIRST_BYTES), file(files.path(), 2, OTHER_BYTES));
    let cid = put(node, &first).expect("there is room");

    full();
    let refusal = put(node, &second).expect_err("there is no room");
    assert!(refusal.contains("blocks cannot be written"), "{refusal}");
    let health = node.http("/healthz");
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    assert!(health.contains("blocks cannot be written"), "{health}");
    assert!(node.json(&["status"])["store_trouble"].is_string());
    // For longer than it takes to try again.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        expect_same(node, &cid, &first);
    }

    room();
    let start = Instant::now();
    until("well", || node.http("/healthz").starts_with("HTTP/1.1 200 "));
    let other_cid = put(node, &second).expect("there is room again");
    assert!(start.elapsed() < BACK_MAX, "{:?}", start.elapsed());
    assert!(node.json(&["status"])["store_trouble"].is_null());
    expect_same(node, &other_cid, &second);
    expect_same(node, &cid, &first);
}

/// A file of bytes that are no run of anything.
fn file(dir: &Path, seed: u64, bytes: usize) -> PathBuf {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let path = dir.join(seed.to_string());
    std::fs::write(&path, (0..bytes).map(|_| next()).collect::<Vec<u8>>()).expect("written");
    path
}

fn put(node: &Node, file: &Path) -> Result<String, String> {
    let output = node.run(&["put", file.to_str().expect("plain")]);
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() { Ok(told) } else { Err(stderr(&output)) }
}

fn expect_same(node: &Node, cid: &str, file: &Path) {
    let output = node.run(&["get", cid]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stdout == std::fs::read(file).expect("there"), "the bytes came back as they were");
}
