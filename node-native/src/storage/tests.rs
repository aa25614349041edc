//! The store: what goes in comes out, verified and within the quota; a store belongs to one node.

use tempfile::TempDir;

use super::cache::Cache;
use super::database::Database;
use super::disk::Disk;
use super::*;

const OWNER: NodeId = NodeId([7; 32]);

fn open(dir: &TempDir, quota: u64) -> Storage {
    Storage::open(dir.path(), quota, OWNER).expect("the store opens")
}

fn temporary() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// The `number`th block of `length` bytes, and its name.
fn block(number: u32, length: usize) -> (BlockHash, Bytes) {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().cycle().take(length).collect();
    (BlockHash(tabmesh_engine::sha256(&bytes)), bytes.into())
}

async fn keep(storage: &Storage, number: u32, length: usize, held: bool) -> Answer {
    let (hash, bytes) = block(number, length);
    storage.request(Request::Store { hash, bytes, held }).await
}

async fn load(storage: &Storage, number: u32, length: usize) -> Answer {
    storage.request(Request::Load(block(number, length).0)).await
}

#[tokio::test]
async fn blocks_of_every_size_come_back_after_a_restart() {
    let dir = temporary();
    let lengths = [4, 1000, 16_299, 16_300, 16_301, limits::BLOCK_MAX];
    let storage = open(&dir, 1 << 20);
    for (number, length) in (0..).zip(lengths) {
        assert_eq!(keep(&storage, number, length, true).await, Answer::Stored);
    }
    let totals = storage.totals();
    assert_eq!(totals.blocks, 6);
    assert_eq!(totals.bytes, lengths.iter().sum::<usize>() as u64);
    drop(storage);

    let storage = reopen(&dir, 1 << 20).await;
    assert_eq!(storage.totals(), totals);
    for (number, length) in (0..).zip(lengths) {
        assert_eq!(load(&storage, number, length).await, Answer::Loaded(block(number, length).1));
    }
    assert_eq!(load(&storage, 99, 4).await, Answer::Missing);
}

/// The threads of a dropped store let go of the file in their own time.
async fn reopen(dir: &TempDir, quota: u64) -> Storage {
    for _ in 0..200 {
        match Storage::open(dir.path(), quota, OWNER) {
            Ok(storage) => return storage,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
    panic!("the store stays locked");
}

#[tokio::test]
async fn bytes_that_are_not_what_their_name_says_are_not_kept() {
    let dir = temporary();
    let storage = open(&dir, 1 << 20);
    let (hash, _) = block(1, 100);
    let (_, other) = block(2, 100);
    assert_eq!(storage.store(hash, other).await, Answer::Mismatch);
    assert_eq!(storage.request(Request::Load(hash)).await, Answer::Missing);
    assert_eq!(storage.totals(), Totals::default());
}

#[tokio::test]
async fn cached_blocks_make_room_oldest_first_and_held_ones_never_do() {
    let dir = temporary();
    let storage = open(&dir, 4000);
    for number in 0..4 {
        assert_eq!(keep(&storage, number, 1000, number == 1).await, Answer::Stored);
    }
    // Block 0 is the oldest cached one, block 1 is held, block 2 is the next to go.
    assert_eq!(keep(&storage, 4, 1000, true).await, Answer::Stored);
    assert_eq!(keep(&storage, 5, 1000, true).await, Answer::Stored);
    for (number, is_there) in [(0, false), (1, true), (2, false), (3, true), (4, true), (5, true)] {
        let answer = load(&storage, number, 1000).await;
        assert_eq!(answer != Answer::Missing, is_there, "block {number}");
    }
    assert_eq!(keep(&storage, 3, 1000, true).await, Answer::Stored, "a cached block becomes held");
    assert_eq!(keep(&storage, 6, 1000, true).await, Answer::Full);
    assert_eq!(keep(&storage, 6, 1000, false).await, Answer::Full);
    assert_eq!(storage.totals(), Totals { blocks: 4, bytes: 4000 });
}

#[tokio::test]
async fn a_held_block_stays_held_when_it_is_cached_again() {
    let dir = temporary();
    let storage = open(&dir, 2000);
    assert_eq!(keep(&storage, 0, 1000, true).await, Answer::Stored);
    assert_eq!(keep(&storage, 0, 1000, false).await, Answer::Stored);
    assert_eq!(keep(&storage, 1, 1000, true).await, Answer::Stored);
    assert_eq!(keep(&storage, 2, 1000, true).await, Answer::Full);
    assert!(matches!(load(&storage, 0, 1000).await, Answer::Loaded(_)));
}

#[tokio::test]
async fn a_block_that_is_released_makes_room_and_the_users_own_never_does() {
    let dir = temporary();
    let storage = open(&dir, 2000);
    let release = |number| {
        let hash = block(number, 1000).0;
        storage.request(Request::Store { hash, bytes: Bytes::new(), held: false })
    };
    for number in 0..2 {
        assert_eq!(keep(&storage, number, 1000, true).await, Answer::Stored);
    }
    assert_eq!(storage.request(Request::Hold(block(0, 1000).0)).await, Answer::Stored);
    assert_eq!(release(0).await, Answer::Stored);
    assert_eq!(keep(&storage, 2, 1000, true).await, Answer::Full);
    assert_eq!(release(1).await, Answer::Stored);
    assert!(matches!(load(&storage, 1, 1000).await, Answer::Loaded(_)));
    assert_eq!(keep(&storage, 2, 1000, true).await, Answer::Stored);
    assert_eq!(load(&storage, 1, 1000).await, Answer::Missing);
    assert!(matches!(load(&storage, 0, 1000).await, Answer::Loaded(_)));
    assert_eq!(release(3).await, Answer::Missing);
}

#[tokio::test]
async fn the_block_without_bytes_is_a_block_like_any_other() {
    let dir = temporary();
    let storage = open(&dir, 2000);
    let hash = block(0, 0).0;
    assert_eq!(keep(&storage, 0, 0, false).await, Answer::Stored);
    assert_eq!(storage.request(Request::Hold(hash)).await, Answer::Stored);
    assert_eq!(load(&storage, 0, 0).await, Answer::Loaded(Bytes::new()));
}

#[tokio::test]
async fn a_scan_is_ascending_complete_and_bounded() {
    let dir = temporary();
    let storage = open(&dir, 1 << 20);
    let mut expected = Vec::new();
    for number in 0..20 {
        // Cached blocks are nobody's to count on.
        keep(&storage, number, 64, number % 2 == 0).await;
        if number % 2 == 0 {
            expected.push(block(number, 64).0);
        }
    }
    expected.sort();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Answer::Hashes(page) = storage.request(Request::Scan { after, count: 7 }).await else {
            panic!("hashes")
        };
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        after = Some(*last);
        found.extend(page);
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_cached_block_that_is_to_be_held_is_held_from_then_on() {
    let dir = temporary();
    let storage = open(&dir, 1 << 20);
    keep(&storage, 1, 64, false).await;
    let hash = block(1, 64).0;
    let scan = || storage.request(Request::Scan { after: None, count: 7 });
    assert_eq!(scan().await, Answer::Hashes(Vec::new()));
    assert_eq!(storage.request(Request::Absent(vec![hash])).await, Answer::Hashes(Vec::new()));
    assert_eq!(scan().await, Answer::Hashes(vec![hash]));
}

#[tokio::test]
async fn absent_names_what_is_missing_in_the_order_asked() {
    let dir = temporary();
    let storage = open(&dir, 1 << 20);
    keep(&storage, 1, 64, true).await;
    let hashes: Vec<_> = [3, 1, 2].map(|number| block(number, 64).0).to_vec();
    let answer = storage.request(Request::Absent(hashes.clone())).await;
    assert_eq!(answer, Answer::Hashes(vec![hashes[0], hashes[2]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_are_all_served() {
    let dir = temporary();
    let storage = open(&dir, 64 << 20);
    let writers: Vec<_> = (0..500)
        .map(|number| {
            let storage = storage.clone();
            tokio::spawn(async move { keep(&storage, number, 2000, false).await })
        })
        .collect();
    for writer in writers {
        assert_eq!(writer.await.expect("no panic"), Answer::Stored);
    }
    assert_eq!(storage.totals().blocks, 500);
}

#[tokio::test]
async fn a_full_queue_refuses_instead_of_growing() {
    let dir = temporary();
    let storage = open(&dir, 64 << 20);
    // The writing thread is held in the middle of its first answer while the queue fills up behind it.
    let (entered, is_in) = std::sync::mpsc::channel();
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let (hash, bytes) = block(0, 100);
    let held_up: Reply = Box::new(move |_| {
        entered.send(()).expect("the test waits");
        let _ = opened.recv();
    });
    storage.try_submit(Request::Store { hash, bytes, held: true }, held_up);
    is_in.recv().expect("the thread answers");

    let (sender, answers) = std::sync::mpsc::channel();
    for number in 0..QUEUE_MAX as u32 + 10 {
        let (hash, bytes) = block(number, 100);
        let sender = sender.clone();
        let reply: Reply = Box::new(move |answer| drop(sender.send(answer)));
        storage.try_submit(Request::Store { hash, bytes, held: true }, reply);
    }
    drop(sender);
    assert_eq!(answers.try_iter().collect::<Vec<_>>(), vec![Answer::Failed; 10], "refused at once");
    drop(gate);
    assert_eq!(answers.iter().collect::<Vec<_>>(), vec![Answer::Stored; QUEUE_MAX], "the others are served");
}

#[test]
fn a_store_belongs_to_one_node() {
    let dir = temporary();
    drop(Disk::open(dir.path().join("blocks.redb"), OWNER).expect("the store opens"));
    let Err(error) = Storage::open(dir.path(), 1 << 20, NodeId([8; 32])) else { panic!("must be refused") };
    let message = error.to_string();
    assert!(message.contains(&crate::identity::hex(&OWNER)) && message.contains("--data-dir"), "{message}");
}

#[test]
fn a_file_that_is_no_store_is_refused_and_kept() {
    let dir = temporary();
    let path = dir.path().join("blocks.redb");
    std::fs::write(&path, vec![0x5a; 9000]).expect("written");
    let Err(error) = Storage::open(dir.path(), 1 << 20, OWNER) else { panic!("must be refused") };
    assert!(error.to_string().contains("move the file away"), "{error}");
    assert_eq!(std::fs::metadata(&path).expect("still there").len(), 9000);
}

fn met(number: usize, is_tried: bool) -> Met {
    let url = Url::parse(&format!("ws://10.0.0.1:{}", 1000 + number)).expect("a URL");
    Met { url, is_tried, instead_of: None }
}

#[test]
fn addresses_that_are_only_claimed_push_out_none_that_was_proved() {
    let dir = temporary();
    let database = Database::open(&dir.path().join("blocks.redb")).expect("the store opens");
    database.claim(OWNER).expect("a new store");
    for number in 0..REMEMBERED_MAX {
        database.remember_peer(&met(number, true)).expect("remembered");
    }
    for number in 1000..1000 + 2 * REMEMBERED_MAX {
        database.remember_peer(&met(number, false)).expect("remembered");
    }
    let known = database.remembered_peers().expect("readable");
    assert_eq!(known.len(), REMEMBERED_MAX);
    let tried = known.iter().filter(|(_, is_tried)| *is_tried).count();
    assert_eq!(tried, REMEMBERED_MAX / 4 * 3, "each kind has its own bound");

    // Proved once, proved for good; and one claim goes for another.
    database.remember_peer(&Met { is_tried: false, ..met(REMEMBERED_MAX - 1, true) }).expect("remembered");
    let instead_of = Some(met(1000 + 2 * REMEMBERED_MAX - 1, false).url);
    database.remember_peer(&Met { instead_of: instead_of.clone(), ..met(5000, false) }).expect("remembered");
    let known = database.remembered_peers().expect("readable");
    assert!(known.contains(&(met(REMEMBERED_MAX - 1, true).url, true)));
    assert!(!known.iter().any(|(url, _)| Some(url) == instead_of.as_ref()));
}

#[test]
fn the_memory_cache_is_bounded_by_bytes_and_keeps_what_is_used() {
    let mut cache = Cache::new(10_000);
    for number in 0..100 {
        let (hash, bytes) = block(number, 1000);
        cache.insert(hash, bytes);
        assert!(cache.block(&block(0, 1000).0).is_some(), "block 0 is used all the time");
    }
    let kept = (0..100).filter(|number| cache.block(&block(*number, 1000).0).is_some()).count();
    assert_eq!(kept, 8, "8 blocks of 1,000 and 128 bytes fit into 10,000");
    cache.remove(&block(0, 1000).0);
    assert!(cache.block(&block(0, 1000).0).is_none());
}
