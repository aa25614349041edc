//! The two threads of the store: one gathers writes into durable batches, one reads.

use std::io;
use std::sync::Arc;
use std::thread;

use sha2::{Digest, Sha256};
use tabmesh_engine::BlockHash;
use tokio::sync::mpsc::Receiver;

use super::database::{BATCH_MAX, Held, Keep, Kept};
use super::request::{Answer, Met, Reply, Request};
use super::shared::Shared;

/// Something for the writing thread.
pub(super) enum Write {
    Block {
        block: Keep,
        reply: Reply,
    },
    Peer(Met),
    /// Try whether writing works again.
    Trial,
}

pub(super) fn start_writer(shared: Arc<Shared>, mut queue: Receiver<Write>, quota: u64) -> io::Result<()> {
    thread::Builder::new().name("store-write".to_owned()).spawn(move || {
        // What gathered while the disk was busy with the last batch makes up the next one: a lone writer waits for
        // nobody, and many writers share one trip to the disk.
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while let Some(first) = queue.blocking_recv() {
            batch.push(first);
            while batch.len() < BATCH_MAX {
                let Ok(next) = queue.try_recv() else { break };
                batch.push(next);
            }
            write_batch(&shared, batch.drain(..), quota);
        }
    })?;
    Ok(())
}

pub(super) fn start_reader(shared: Arc<Shared>, mut queue: Receiver<(Request, Reply)>) -> io::Result<()> {
    thread::Builder::new().name("store-read".to_owned()).spawn(move || {
        while let Some((request, reply)) = queue.blocking_recv() {
            reply(read(&shared, request));
        }
    })?;
    Ok(())
}

fn write_batch(shared: &Shared, batch: impl Iterator<Item = Write>, quota: u64) {
    let mut blocks = Vec::new();
    let mut replies = Vec::new();
    for write in batch {
        match write {
            Write::Peer(met) => {
                if let Err(error) = shared.disk.write(|database| database.remember_peer(&met)) {
                    tracing::warn!(%error, "a peer's address was not remembered");
                }
            }
            Write::Trial => shared.try_again(),
            Write::Block { block, reply } => match checked(block) {
                Some(block) => {
                    blocks.push(block);
                    replies.push(reply);
                }
                None => reply(Answer::Mismatch),
            },
        }
    }
    if blocks.is_empty() {
        return;
    }
    match shared.disk.write(|database| database.store(&blocks, quota)) {
        Ok(done) => {
            shared.set_totals(done.totals);
            for hash in &done.evicted {
                shared.forget(hash);
            }
            for ((block, kept), reply) in blocks.into_iter().zip(done.kept).zip(replies) {
                if let Some(bytes) = block.bytes
                    && kept == Kept::Stored
                    && !done.evicted.contains(&block.hash)
                {
                    shared.remember(block.hash, bytes);
                }
                reply(match kept {
                    Kept::Stored => Answer::Stored,
                    Kept::Full => Answer::Full,
                    Kept::Missing => Answer::Missing,
                });
            }
        }
        Err(error) => {
            tracing::debug!(%error, blocks = blocks.len(), "blocks were not written");
            replies.into_iter().for_each(|reply| reply(Answer::Failed));
        }
    }
}

/// The block as it is to be written; `None` where it is not what its name says.
fn checked(mut block: Keep) -> Option<Keep> {
    let Some(bytes) = &block.bytes else { return Some(block) };
    if Sha256::digest(bytes)[..] == block.hash.0 {
        return Some(block);
    }
    // Only one block has no bytes; any other that comes without them is released.
    let is_released = bytes.is_empty() && block.held == Held::Cached;
    block.bytes = None;
    is_released.then_some(block)
}

fn read(shared: &Shared, request: Request) -> Answer {
    let disk = &shared.disk;
    let answer = match request {
        Request::Load(hash) => disk.read(|database| database.load(&hash)).map(|block| match block {
            Some(bytes) => {
                shared.remember(hash, bytes.clone());
                Answer::Loaded(bytes)
            }
            None => Answer::Missing,
        }),
        Request::Absent(hashes) => disk.read(|database| database.absent(&hashes)).map(|(absent, cached)| {
            hold(shared, &cached);
            Answer::Hashes(absent)
        }),
        Request::Scan { after, count } => {
            disk.read(|database| database.scan(after, count)).map(Answer::Hashes)
        }
        Request::Store { .. } | Request::Hold(_) => unreachable!("blocks are written by the other thread"),
    };
    answer.unwrap_or_else(|error| {
        tracing::error!(%error, "the block store could not be read");
        Answer::Failed
    })
}

/// What was cached is one of this node's own. If that fails, its neighbours ask again.
fn hold(shared: &Shared, cached: &[BlockHash]) {
    if cached.is_empty() {
        return;
    }
    let keep = |hash: &BlockHash| Keep { hash: *hash, bytes: None, held: Held::Others };
    let blocks: Vec<Keep> = cached.iter().map(keep).collect();
    // Nothing is added, so there is nothing for a quota to bound.
    if let Err(error) = shared.disk.write(|database| database.store(&blocks, u64::MAX)) {
        tracing::debug!(%error, "cached blocks are not held yet");
    }
}
