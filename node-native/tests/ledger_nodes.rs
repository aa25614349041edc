//! Goal: native voters agree on blocks, their owners send credits, and a voter that is killed at any moment never contradicts itself. Method: real
//! processes; what they kept is read out of their stores while they are dead.

mod common;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use common::program::{Node, stderr, tabmesh, until};
use common::temporary;
use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::Value;
use tabmesh_ledger::{Block, Certificate, Entry, Hash, Says};
use tabmesh_port::Reader;

const BLOCKS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("blocks");
const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("journal");

/// Milliseconds of an epoch.
const EPOCH_MS: u64 = 2_000;

/// A genesis of voters that are to run in these directories, made now.
fn genesis(dir: &Path, voters: &[PathBuf], more: &[&str]) -> String {
    let file = dir.join("genesis.toml").display().to_string();
    let mut command = tabmesh();
    command.args(["ledger", "genesis", "new", "--output", &file, "--stake", "100"]).args(more);
    for voter in voters {
        let key = tabmesh().args(["ledger", "key", "--data-dir"]).arg(voter).output().expect("it runs");
        let key = String::from_utf8(key.stdout).expect("text");
        command.args(["--voter", &format!("{}=1000", key.trim())]);
    }
    let made = command.output().expect("it runs");
    assert!(made.status.success(), "{}", stderr(&made));
    file
}

fn arguments<'a>(genesis: &'a str, peer: &'a Option<String>, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--ledger", genesis];
    if let Some(peer) = peer {
        arguments.extend(["--peer", peer]);
    }
    arguments.extend(more);
    arguments
}

fn url(node: &Node) -> String {
    format!("ws://{}", node.address)
}

/// Voters that run, each but the first linked to the first one.
fn voters(genesis: &str, dirs: &[PathBuf]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for dir in dirs {
        let peer = nodes.first().map(url);
        let more: &[&str] =
            if nodes.is_empty() { &["--ledger-begin", "--faucet", "5"] } else { &["--ledger-begin"] };
        nodes.push(Node::start(dir, &arguments(genesis, &peer, more)));
    }
    nodes
}

fn height(node: &Node) -> u64 {
    node.json(&["ledger", "status"])["height"].as_u64().expect("a height")
}

fn until_height(node: &Node, wanted: u64) {
    until(&format!("at block {wanted}"), || height(node) >= wanted);
}

fn lines(node: &Node, words: &[&str]) -> (Vec<Value>, Option<i32>, String) {
    let output = node.run(&[words, &["--json"]].concat());
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (lines, output.status.code(), stderr(&output))
}

fn what(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["what"].as_str()).filter(|what| *what != "refused").collect()
}

#[test]
fn voters_agree_and_owners_send_credits() {
    let dir = temporary();
    let dirs: Vec<PathBuf> = (0..4).map(|number| dir.path().join(format!("voter-{number}"))).collect();
    let file = genesis(dir.path(), &dirs, &["--test", "--epoch-ms", &EPOCH_MS.to_string()]);
    let nodes = voters(&file, &dirs);
    let guest_dir = dir.path().join("guest");
    std::fs::create_dir(&guest_dir).expect("made");
    let guest = Node::start(&guest_dir, &arguments(&file, &Some(url(&nodes[0])), &[]));
    until_height(&guest, 2);
    let status = guest.json(&["ledger", "status"]);
    assert_eq!(
        (&status["role"], &status["voters"], &status["test"]),
        (&"follows".into(), &4.into(), &true.into())
    );
    assert_eq!(nodes[1].json(&["ledger", "status"])["role"], "votes");

    // Who has nothing sends nothing; then it gets something, once.
    let one = nodes[1].id();
    let (_, code, why) = lines(&guest, &["ledger", "send", &one, "1"]);
    assert!(code == Some(4) && why.contains("has no account"), "{why}");
    let (given, code, why) = lines(&guest, &["ledger", "faucet"]);
    assert_eq!((code, what(&given)), (Some(0), vec!["given", "included"]), "{why}");
    let (_, code, why) = lines(&guest, &["ledger", "faucet"]);
    assert!(code == Some(7) && why.contains("a while ago"), "{why}");
    let balance = guest.json(&["ledger", "balance"]);
    assert_eq!((&balance["spendable"], &balance["exists"]), (&"5".into(), &true.into()));
    let born = height(&guest);

    // A voter sends: each step is told, and all of it is in a block.
    let to = guest.id();
    let (sent, code, why) = lines(&nodes[2], &["ledger", "send", &to, "2.5"]);
    assert_eq!(code, Some(0), "{why}");
    assert_eq!(what(&sent), ["made", "certified", "settled", "included"]);
    assert_eq!((&sent[0]["amount"], &sent[0]["to"]), (&"2.5".into(), &to.clone().into()));
    let (_, code, why) = lines(&nodes[2], &["ledger", "send", &to, "100000"]);
    assert!(code == Some(2) && why.contains("refusal 12"), "{why}");
    let (_, code, why) = lines(&nodes[2], &["ledger", "send", &to, "1.0000001"]);
    assert!(code == Some(2) && why.contains("six decimals"), "{why}");
    // A new account begins to act in the epoch behind that of its birth.
    until_height(&guest, born + 2);
    let (sent, code, why) = lines(&guest, &["ledger", "send", &one, "0.25", "--wait", "settled"]);
    assert_eq!(code, Some(0), "{why}");
    assert_eq!(what(&sent).last(), Some(&"settled"));
    until("in a block", || lines(&guest, &["ledger", "history"]).0.len() == 3);
    let (past, ..) = lines(&guest, &["ledger", "history"]);
    let amounts: Vec<&str> = past.iter().filter_map(|line| line["amount"].as_str()).collect();
    assert_eq!(amounts, ["5", "2.5", "0.25"]);
    let since = past[1]["height"].to_string();
    assert_eq!(lines(&guest, &["ledger", "history", "--since", &since]).0.len(), 2);
    let balance = nodes[3].json(&["ledger", "balance", &to]);
    let spendable: f64 = balance["spendable"].as_str().and_then(|text| text.parse().ok()).expect("a number");
    assert!((7.24..7.25).contains(&spendable), "fee and rent: {spendable}");

    let seen = guest.json(&["ledger", "voters"]);
    let seen = seen.as_array().expect("a list");
    assert_eq!(seen.len(), 4);
    assert!(
        seen.iter().all(|voter| voter["linked"] == true && voter["signed"].as_u64() > Some(0)),
        "{seen:?}"
    );
    let top = guest.run(&["ledger", "top", "--once"]);
    let top = String::from_utf8(top.stdout).expect("text");
    assert!(top.contains("this node  follows; 4 voters") && top.contains(&one), "{top}");

    // Another network, a genesis that is none, and no ledger at all.
    let plain_dir = temporary();
    let start = |words: &[&str]| {
        tabmesh().arg("run").args(words).arg("--data-dir").arg(plain_dir.path()).output().expect("it runs")
    };
    let why = stderr(&start(&["--ledger", &file, "--network", "another"]));
    assert!(why.contains("is of another network than \"another\""), "{why}");
    let why = stderr(&start(&["--ledger", "nowhere.toml"]));
    assert!(why.contains("nowhere.toml is no genesis file"), "{why}");
    let why = stderr(&start(&["--faucet", "5"]));
    assert!(why.contains("needs --ledger beside it"), "{why}");
    let why = stderr(&start(&["--ledger", &file, "--faucet", "5"]));
    assert!(why.contains("only a voter of the genesis"), "{why}");
    let plain = Node::start(plain_dir.path(), &[]);
    let (_, code, why) = lines(&plain, &["ledger", "balance"]);
    assert!(code == Some(7) && why.contains("tabmesh run --ledger"), "{why}");
    let stopped: Vec<PathBuf> = nodes.into_iter().chain([guest]).map(|node| node.dir.clone()).collect();
    let kept: Vec<HashMap<u32, Hash>> = stopped
        .iter()
        .map(|dir| blocks(dir).into_iter().map(|(height, (_, hash))| (height, hash)).collect())
        .collect();
    agree(&kept);
}

fn agree(kept: &[HashMap<u32, Hash>]) {
    let mut first: HashMap<u32, Hash> = HashMap::new();
    for (height, hash) in kept.iter().flatten() {
        assert_eq!(first.entry(*height).or_insert(*hash), hash, "two blocks {height}");
    }
    assert!(first.len() > 3);
}

/// Of each final block of a store: its certificate, and its hash.
fn blocks(dir: &Path) -> HashMap<u32, (Certificate, Hash)> {
    let database = redb::Database::open(dir.join("ledger.redb")).expect("it opens");
    let blocks = database.begin_read().expect("read").open_table(BLOCKS).expect("there");
    let mut all = HashMap::new();
    for entry in blocks.iter().expect("read") {
        let (height, bytes) = entry.expect("read");
        let mut reader = Reader::new(bytes.value());
        let certificate = Certificate::read(&mut reader).expect("a certificate");
        let block = Block::read(reader.rest()).expect("a block");
        all.insert(height.value(), (certificate, block.header.hash()));
    }
    all
}

fn journal(dir: &Path) -> Vec<Entry> {
    let database = redb::Database::open(dir.join("ledger.redb")).expect("it opens");
    let journal = database.begin_read().expect("read").open_table(JOURNAL).expect("there");
    let read = |entry: Result<(redb::AccessGuard<'_, u64>, redb::AccessGuard<'_, &[u8]>), _>| {
        let entry: (redb::AccessGuard<'_, u64>, redb::AccessGuard<'_, &[u8]>) =
            entry.unwrap_or_else(|error: redb::StorageError| panic!("{error}"));
        Entry::read(&entry.1.value()[8..]).expect("a record")
    };
    journal.iter().expect("read").map(read).collect()
}

/// What one voter has signed, as far as anybody could see it.
#[derive(Default)]
struct Signed {
    votes: HashMap<(u8, u32, u32), Hash>,
    locks: HashMap<(u32, Hash, u32), Hash>,
    records: HashSet<(u32, Vec<u8>)>,
}

impl Signed {
    /// Takes in a journal of it: nothing that binds it is gone, and nothing is against what was there.
    fn take(&mut self, journal: &[Entry]) {
        let now: HashSet<(u32, Vec<u8>)> = journal
            .iter()
            .filter_map(|entry| match entry {
                Entry::Signs { statement, .. } => Some((statement.view, entry.emit())),
                Entry::Opened { .. } => None,
            })
            .collect();
        let first = now.iter().map(|(view, _)| *view).min().unwrap_or(u32::MAX);
        let last = now.iter().map(|(view, _)| *view).max().unwrap_or(0);
        for old in self.records.iter().filter(|(view, _)| (first..=last).contains(view)) {
            assert!(now.contains(old), "a record of a view that is not over is gone");
        }
        self.records = now;
        let opened = journal.iter().filter(|entry| matches!(entry, Entry::Opened { .. })).count();
        assert!(opened == 1, "it began {opened} times");
        for entry in journal {
            let Entry::Signs { statement, spot, .. } = entry else { continue };
            match statement.says {
                Says::Notarise | Says::Finalise => {
                    self.vote(statement.says as u8, statement.height, statement.round, statement.subject);
                }
                Says::Lock | Says::Acknowledge => {
                    let place = (statement.view, spot.0.0, spot.1);
                    let known = *self.locks.entry(place).or_insert(statement.subject);
                    assert_eq!(
                        known, statement.subject,
                        "two operations of one number in view {}",
                        statement.view
                    );
                }
            }
        }
    }

    fn vote(&mut self, says: u8, height: u32, round: u32, subject: Hash) {
        let known = *self.votes.entry((says, height, round)).or_insert(subject);
        assert_eq!(known, subject, "two votes in round {round} of block {height}");
    }
}

#[test]
fn a_voter_that_is_killed_at_any_moment_never_contradicts_itself() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.as_nanos() as u64)
    });
    let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(15);
    println!("SEED={seed}");
    let mut state = seed | 1;
    let mut dice = move |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let dir = temporary();
    let dirs: Vec<PathBuf> = (0..4).map(|number| dir.path().join(format!("voter-{number}"))).collect();
    let file = genesis(dir.path(), &dirs, &["--test", "--epoch-ms", &EPOCH_MS.to_string()]);
    let mut nodes = voters(&file, &dirs);
    let ids: Vec<String> = nodes.iter().map(Node::id).collect();
    // As the certificates number them: in the order of their accounts.
    let mut order: Vec<usize> = (0..4).collect();
    order.sort_by_key(|node| ids[*node].clone());
    until_height(&nodes[0], 1);
    let mut signed: Vec<Signed> = (0..4).map(|_| Signed::default()).collect();
    for kill in 0..kills {
        let victim = dice(4) as usize;
        let (from, to) = ((victim + 1 + dice(2) as usize) % 4, victim);
        // Something to lock while it dies, of its own and of another one.
        let mut sends: Vec<_> = [(from, to), (victim, from)]
            .map(|(from, to)| {
                tabmesh()
                    .args(["ledger", "send", &ids[to], "0.01", "--within", "2s", "--data-dir"])
                    .arg(&nodes[from].dir)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("it starts")
            })
            .into();
        std::thread::sleep(Duration::from_millis(dice(EPOCH_MS)));
        nodes[victim].child.kill().expect("killed");
        nodes[victim].child.wait().expect("dead");
        signed[victim].take(&journal(&dirs[victim]));
        let peer = Some(url(&nodes[(victim + 1) % 4]));
        // Where the others look for it: they know no other way, and one that lost all its links would stay alone.
        let address = nodes[victim].address.clone();
        nodes[victim] = Node::start_at(&dirs[victim], &address, &arguments(&file, &peer, &[]));
        for send in &mut sends {
            let _ = send.wait();
        }
        println!("killed {victim} ({kill}), block {}", height(&nodes[from]));
    }
    let before = nodes.iter().map(height).max().expect("voters");
    nodes.iter().for_each(|node| until_height(node, before + 2));
    drop(nodes);
    let mut kept = Vec::new();
    for (node, dir) in dirs.iter().enumerate() {
        signed[node].take(&journal(dir));
        let blocks = blocks(dir);
        kept.push(blocks.iter().map(|(height, (_, hash))| (*height, *hash)).collect());
        for (certificate, _) in blocks.values() {
            let statement = &certificate.statement;
            for (number, voter) in order.iter().enumerate() {
                if certificate.signers >> number & 1 == 1 {
                    signed[*voter].vote(
                        Says::Finalise as u8,
                        statement.height,
                        statement.round,
                        statement.subject,
                    );
                }
            }
        }
    }
    agree(&kept);
}
