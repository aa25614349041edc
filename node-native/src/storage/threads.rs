//! The two threads of the store: one gathers writes into durable batches, one reads.

use std::io;
use std::sync::{Arc, PoisonError};
use std::thread;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tabmesh_engine::NodeId;
use tokio::sync::mpsc::Receiver;
use url::Url;

use super::database::Kept;
use super::{Answer, Reply, Request, Shared};

/// The most blocks of one transaction: 1 MiB of full blocks, a few milliseconds of disk.
const BATCH_MAX: usize = 64;

/// Something for the writing thread.
pub(super) enum Write {
    Block { hash: NodeId, bytes: Bytes, held: bool, reply: Reply },
    Peer { address: Url },
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
            Write::Peer { address } => {
                if let Err(error) = shared.database.remember_peer(&address) {
                    tracing::warn!(%error, "a peer's address was not remembered");
                }
            }
            Write::Block { hash, bytes, held, reply } => {
                if Sha256::digest(&bytes)[..] == hash.0 {
                    blocks.push((hash, bytes, held));
                    replies.push(reply);
                } else {
                    reply(Answer::Mismatch);
                }
            }
        }
    }
    if blocks.is_empty() {
        return;
    }
    match shared.database.store(&blocks, quota) {
        Ok(done) => {
            *shared.totals.lock().unwrap_or_else(PoisonError::into_inner) = done.totals;
            for hash in &done.evicted {
                shared.forget(hash);
            }
            for (((hash, bytes, _), kept), reply) in blocks.into_iter().zip(done.kept).zip(replies) {
                if kept == Kept::Stored && !done.evicted.contains(&hash) {
                    shared.remember(hash, bytes);
                }
                reply(if kept == Kept::Stored { Answer::Stored } else { Answer::Full });
            }
        }
        Err(error) => {
            tracing::error!(%error, blocks = blocks.len(), "blocks could not be written");
            replies.into_iter().for_each(|reply| reply(Answer::Failed));
        }
    }
}

fn read(shared: &Shared, request: Request) -> Answer {
    let database = &shared.database;
    let answer = match request {
        Request::Load(hash) => database.load(&hash).map(|block| match block {
            Some(bytes) => {
                shared.remember(hash, bytes.clone());
                Answer::Loaded(bytes)
            }
            None => Answer::Missing,
        }),
        Request::Absent(hashes) => database.absent(hashes).map(Answer::Hashes),
        Request::Scan { after, count } => database.scan(after, count).map(Answer::Hashes),
        Request::Store { .. } => unreachable!("blocks are written by the other thread"),
    };
    answer.unwrap_or_else(|error| {
        tracing::error!(%error, "the block store could not be read");
        Answer::Failed
    })
}
