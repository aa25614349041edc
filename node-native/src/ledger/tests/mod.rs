//! Nothing is signed before its record outlasts a power cut, and a store that cannot be relied on is an error. Method: a disk that forgets what was not
//! synced, under the very database and writer, and a voter whose shell it is.

mod disk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::Builder;
use tabmesh_engine::{NodeId, PublicKey};
use tabmesh_ledger::{
    Action, Command, Entry, Event, Genesis, Hash, Key, Member, Operation, Says, Statement, Terms, Voter,
};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, Output, Port, Room, Signature, Told, Work, sha256,
};
use tokio::sync::mpsc;

use super::faucet::{Faucet, FaucetError};
use super::mark::{Mark, begins};
use super::store::{Store, StoreError, Write};
use super::writer::{Written, start};
use disk::Disk;

const LEDGER: Hash = [3; 32];

fn on(disk: &Disk, ledger: &Hash) -> Result<Store, StoreError> {
    let disk = disk.clone();
    let open = move || Ok(Builder::new().create_with_backend(disk.clone())?);
    Store::with(Path::new("ledger.redb"), ledger, Box::new(open))
}

fn lock(view: u32, number: u32) -> Vec<u8> {
    let subject = sha256(&number.to_be_bytes());
    let statement = Statement { says: Says::Lock, view, height: 0, round: 0, subject };
    Entry::Signs { statement, spot: (Key([0; 32]), number), shown: vec![7; 184] }.emit()
}

fn record(view: u32, number: u32) -> Write {
    Write::Record { number, bytes: lock(view, number) }
}

/// Numbers from a seed.
fn chance(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_kept() {
    let mut lost = 0;
    for seed in 0..40 {
        let mut dice = chance(seed);
        let mut disk = Disk::default();
        let mut kept = 0;
        for _ in 0..4 {
            let store = on(&disk, &LEDGER).expect("it opens after a power cut");
            let there = store.journal().expect("whole").len() as u32;
            assert!(there >= kept, "seed {seed}: {there} of {kept} records");
            let blocks = store.height().expect("read");
            assert!(blocks >= there / 3, "seed {seed}: a block is older than the records behind it");
            disk.set_left(Some(5 + (dice() % 60) as u32));
            for number in there..there + 200 {
                // A block, and three records behind it: none of these without that.
                let height = number / 3 + 1;
                let block = Write::Block { height, bytes: vec![number as u8; 900] };
                let writes = if number % 3 == 0 && height > blocks { vec![block] } else { Vec::new() };
                let writes = [writes, vec![record(u32::MAX, number)]].concat();
                if store.commit(&writes).is_err() {
                    break;
                }
                kept = number + 1;
            }
            lost += usize::from(disk.is_unsynced());
            disk = disk.cut(|| dice().is_multiple_of(2));
        }
    }
    assert!(lost > 0, "the power was cut while something was not synced");
}

fn genesis(keys: &[PublicKey]) -> Genesis {
    let terms = Terms { epoch_ms: 10_000, stake: 10, fee: 10, price: 3, mint: 0, units: 384 };
    let mut genesis = Genesis {
        network: [9; 8],
        starts_ms: 1_000,
        is_test: true,
        is_lax: true,
        terms,
        voters: keys.iter().map(|key| Voter { key: *key, balance: 1_000_000 }).collect(),
        accounts: Vec::new(),
    };
    genesis.sort();
    genesis
}

#[test]
fn a_faucet_is_a_voters_on_a_test_network_and_gives_little() {
    let keys = [1, 2, 3, 4].map(|digit| PublicKey([digit; 64]));
    let (test, own) = (genesis(&keys), NodeId::of_key(&keys[0]));
    let real = Genesis { is_test: false, ..test.clone() };
    assert_eq!(Faucet::new(1_000, &test, &own).expect("a faucet").amount(), 1_000);
    assert_eq!(Faucet::new(1_000, &real, &own).err(), Some(FaucetError::NoTest));
    assert_eq!(Faucet::new(1_000, &test, &NodeId([7; 32])).err(), Some(FaucetError::NoVoter));
    // 64 epochs of a unit, and a tenth of the stake of 10 credits.
    for amount in [0, 191, 1_000_001] {
        let why = Faucet::new(amount, &test, &own).expect_err("too little, or too much").to_string();
        assert!(why.contains("0.000192 credits at least") && why.contains("and 1 at most"), "{why}");
    }
    assert!(Faucet::new(192, &test, &own).is_ok() && Faucet::new(1_000_000, &test, &own).is_ok());
}

#[test]
fn nothing_is_signed_before_its_record_is_synced() {
    let disk = Disk::default();
    let keys = [1, 2, 3, 4].map(|digit| PublicKey([digit; 64]));
    let genesis = genesis(&keys);
    let attachment = Attachment { key: keys[0], network: [9; 8], port: Port::LEDGER, seed: [0; 32] };
    let mut member = Member::new(&attachment, &genesis);
    let store = Arc::new(on(&disk, &genesis.hash()).expect("a store"));
    let (told, mut written) = mpsc::unbounded_channel();
    let writes = start(store, told).expect("a thread");
    let clock = Told::Clock { wall_ms: 2_000, is_doubtful: false };
    member.handle(Instant(1), Input::Told(clock));
    member.handle(Instant(1), Input::Command(&Command::Start { is_new: true }.emit()));
    for (at, key) in keys.iter().enumerate().skip(1) {
        let action = Action::Transfer { to: NodeId::of_key(&keys[0]), amount: 1_000 + at as u64 };
        let operation =
            Operation { action, fee: 10, sequence: 0, until: 9, key: *key, signature: Signature::BLANK };
        let bytes = [&[3], &operation.emit()[..]].concat();
        let told = Told::Said { from: &NodeId::of_key(key), is_proven: true, bytes: &bytes };
        member.handle(Instant(2), Input::Told(told));
    }
    let (mut signed, mut waiting) = (0, 0);
    // So many records: that the journal is whole, and three locks.
    let mut last = 0;
    while signed < 3 {
        while let Some(flat) = member.poll(Room::ALL) {
            match Output::read(&flat).expect("an output") {
                Output::Event(bytes) => {
                    if let Some(Event::Keep { number, record }) = Event::read(bytes) {
                        waiting += 1;
                        last = number;
                        writes.send(Write::Record { number, bytes: record.to_vec() }).expect("it goes on");
                    }
                }
                Output::Work(Work::Verify { job, .. }) => {
                    member.handle(Instant(3), Input::Done(Done::Verified { job, holds: true }));
                }
                Output::Work(Work::Sign { bytes, .. }) => {
                    signed += 1;
                    // Tag 1, genesis 32, statement 45.
                    let statement = &bytes[33..];
                    let left = on(&disk.cut(|| false), &genesis.hash()).expect("it opens");
                    let journal = left.journal().expect("whole");
                    assert!(
                        journal.iter().any(|record| record.starts_with(statement)),
                        "signed, and a power cut forgets it"
                    );
                }
                Output::Wish(_) => {}
            }
        }
        assert_eq!(waiting, 4);
        if signed < 3 {
            let Some(Written::Kept(number)) = written.blocking_recv() else { panic!("it is written") };
            member.handle(Instant(4), Input::Command(&Command::Kept { number }.emit()));
            assert!(number <= last);
        }
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_kept_until_it_has_room() {
    let disk = Disk::default();
    let store = Arc::new(on(&disk, &LEDGER).expect("a store"));
    let (told, mut written) = mpsc::unbounded_channel();
    let writes = start(store.clone(), told).expect("a thread");
    disk.set_left(Some(0));
    writes.send(record(0, 1)).expect("it goes on");
    let Some(Written::Trouble(why)) = written.blocking_recv() else { panic!("it is told") };
    assert!(why.contains("no space left"), "{why}");
    writes.send(record(0, 2)).expect("it goes on");
    disk.set_left(None);
    let mut seen = Vec::new();
    while seen.last() != Some(&Written::Kept(2)) {
        seen.push(written.blocking_recv().expect("it goes on"));
    }
    assert!(seen.contains(&Written::Mended));
    assert_eq!(store.journal().expect("whole"), [lock(0, 1), lock(0, 2)]);
}

#[test]
fn a_disk_that_stays_full_is_no_reason_to_fill_the_memory() {
    let disk = Disk::default();
    let store = Arc::new(on(&disk, &LEDGER).expect("a store"));
    let (told, mut written) = mpsc::unbounded_channel();
    let writes = start(store.clone(), told).expect("a thread");
    disk.set_left(Some(0));
    let block = |height| Write::Block { height, bytes: vec![7; 9_000] };
    let mut height = 0;
    while writes.try_send(block(height + 1)).is_ok() {
        height += 1;
        assert!(height < 100_000, "it takes whatever comes");
    }
    disk.set_left(None);
    writes.send(record(0, 1)).expect("what was taken is written, and the queue has room again");
    while written.blocking_recv() != Some(Written::Kept(1)) {}
    assert_eq!(store.height().expect("read"), height, "none is missing");
}

#[test]
fn records_of_views_that_are_over_go_and_the_first_stays() {
    let store = on(&Disk::default(), &LEDGER).expect("a store");
    let opened = Entry::Opened { view: 0 }.emit();
    let block = |height| Write::Block { height, bytes: vec![1; 10] };
    let first = Write::Record { number: 1, bytes: opened.clone() };
    store.commit(&[first, record(0, 2), block(5), record(0, 3)]).expect("written");
    assert_eq!(store.journal().expect("whole").len(), 3);
    store.commit(&[block(6), record(1, 4)]).expect("written");
    assert_eq!(store.journal().expect("whole"), [opened, lock(1, 4)]);
    assert_eq!((store.height().expect("read"), store.block(6).expect("read")), (6, Some(vec![1; 10])));
    assert_eq!(store.block(7).expect("read"), None);
}

#[test]
fn an_acknowledgement_is_found_by_its_operation() {
    let store = on(&Disk::default(), &LEDGER).expect("a store");
    let subject = [5; 32];
    let statement = Statement { says: Says::Acknowledge, view: 0, height: 0, round: 0, subject };
    let bytes = Entry::Signs { statement, spot: (Key([0; 32]), 1), shown: vec![8; 300] }.emit();
    store.commit(&[record(0, 1), Write::Record { number: 2, bytes: bytes.clone() }]).expect("written");
    assert_eq!(store.acknowledgement(&subject).expect("read"), Some(bytes));
    assert_eq!(store.acknowledgement(&sha256(&1_u32.to_be_bytes())).expect("read"), None, "a lock");
}

#[test]
fn a_store_that_cannot_be_relied_on_is_an_error() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("ledger.redb");
    let journal = |store: Result<Store, StoreError>| store.and_then(|store| store.journal());
    let said = |error: StoreError| error.to_string();
    let records: Vec<Write> = (0..9).map(|number| record(0, number)).collect();
    Store::open(&path, &LEDGER).expect("new").commit(&records).expect("written");
    assert_eq!(journal(Store::open(&path, &LEDGER)).expect("whole").len(), 9);
    let other = said(Store::open(&path, &[4; 32]).err().expect("another one"));
    assert!(other.starts_with("ledger-store-other: ") && other.contains("0303030303030303"), "{other}");
    // A byte of a record is another one: the database does not see it.
    let whole = std::fs::read(&path).expect("read");
    let wanted = lock(0, 4);
    let mut damaged = whole.clone();
    let places: Vec<usize> =
        whole.windows(wanted.len()).enumerate().filter(|(_, it)| *it == wanted).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        damaged[at + 60] ^= 1;
    }
    std::fs::write(&path, &damaged).expect("written");
    let error = said(journal(Store::open(&path, &LEDGER)).expect_err("damaged"));
    assert!(
        error.starts_with("ledger-store-damaged: ") && error.contains("without --ledger-begin"),
        "{error}"
    );
    // No database at all.
    std::fs::write(&path, vec![7; 9_000]).expect("written");
    let error = said(Store::open(&path, &LEDGER).err().expect("damaged"));
    assert!(error.starts_with("ledger-store-damaged: "), "{error}");
}

#[test]
fn a_record_that_is_missing_is_found() {
    let store = on(&Disk::default(), &LEDGER).expect("a store");
    let records: Vec<(u64, Vec<u8>)> = [1, 2, 4]
        .map(|number: u32| {
            let bytes = lock(0, number);
            (number.into(), [&sha256(&bytes)[..8], &bytes].concat())
        })
        .to_vec();
    let error = store.checked(records, 9).expect_err("3 is missing").to_string();
    assert!(error.contains("missing"), "{error}");
}

#[test]
fn who_has_voted_does_not_begin_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mark = Mark::of(dir.path(), &LEDGER);
    let empty = || on(&Disk::default(), &LEDGER).expect("a store");
    assert!(begins(&mark, &empty(), true).expect("it begins"));
    assert!(!begins(&mark, &empty(), false).expect("nobody says so"));
    assert!(!mark.is_there(), "nothing was signed yet");
    let store = empty();
    store.commit(&[record(0, 1)]).expect("written");
    assert!(!begins(&mark, &store, true).expect("it goes on"));
    assert!(mark.is_there());
    let error = begins(&mark, &empty(), true).expect_err("its store is gone").to_string();
    assert!(error.contains("ledger-store-gone"), "{error}");
    assert!(!begins(&mark, &empty(), false).expect("it follows"));
    let path: PathBuf = dir.path().join("ledger.0303030303030303.begun");
    assert!(path.exists());
}
