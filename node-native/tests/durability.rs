//! Goal: kill -9 loses no acknowledged block. Method: this test starts itself again as a child that stores blocks and
//! prints the number of each as it is acknowledged; the parent kills it in the middle and opens what it left.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tabmesh_engine::{BlockHash, NodeId};
use tabmesh_native::storage::{Answer, Request, Storage};

const OWNER: NodeId = NodeId([1; 32]);
const CHILD: &str = "STORE_UNTIL_KILLED";
const QUOTA: u64 = 1 << 30;

fn block(number: u32) -> (BlockHash, Vec<u8>) {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(16_384).collect();
    (BlockHash(tabmesh_engine::sha256(&bytes)), bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_acknowledged_block() {
    if let Some(dir) = std::env::var_os(CHILD) {
        return store_until_killed(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut acknowledged = 0;
    // Several deaths in a row: each child also has to recover from the one before.
    for death in 1..=3 {
        acknowledged = run_and_kill(dir.path(), acknowledged, 100 * death);
        let storage = Storage::open(dir.path(), QUOTA, OWNER).expect("the store opens after a crash");
        for number in 0..acknowledged {
            let (hash, bytes) = block(number);
            let answer = storage.request(Request::Load(hash)).await;
            assert_eq!(answer, Answer::Loaded(bytes.into()), "block {number} after death {death}");
        }
        assert!(storage.totals().blocks >= u64::from(acknowledged));
        drop(storage);
    }
}

/// Runs a child that stores from `first` on until `count` more are acknowledged; how many blocks are, then.
fn run_and_kill(dir: &Path, first: u32, count: u32) -> u32 {
    let mut child = Command::new(std::env::current_exe().expect("this test's path"))
        .args(["--exact", "kill_9_loses_no_acknowledged_block", "--nocapture"])
        .env(CHILD, dir)
        .env("FIRST", first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the child starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut acknowledged = first;
    while acknowledged < first + count {
        let line = lines.next().expect("the child goes on until killed").expect("readable");
        if let Some(number) = line.strip_prefix("stored ") {
            acknowledged = number.parse::<u32>().expect("a number") + 1;
        }
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("gone");
    acknowledged
}

async fn store_until_killed(dir: &Path) {
    let first: u32 = std::env::var("FIRST").expect("set by the parent").parse().expect("a number");
    let mut tries = 0;
    let storage = loop {
        // The parent's own handle may take a moment to let go of the file.
        match Storage::open(dir, QUOTA, OWNER) {
            Ok(storage) => break storage,
            Err(error) if tries > 100 => panic!("{error}"),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
        tries += 1;
    };
    // Waves of 32, as a file transfer makes them; acknowledged in order.
    for wave in 0..1000 {
        let numbers = (0..32).map(|place| first + wave * 32 + place);
        let writes: Vec<_> = numbers
            .map(|number| {
                let storage = storage.clone();
                tokio::spawn(async move {
                    let (hash, bytes) = block(number);
                    (number, storage.store(hash, bytes.into()).await)
                })
            })
            .collect();
        for write in writes {
            let (number, answer) = write.await.expect("no panic");
            assert_eq!(answer, Answer::Stored);
            println!("stored {number}");
            std::io::stdout().flush().expect("written");
        }
    }
}
