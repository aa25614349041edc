//! The one thread that writes. What waits when it comes back from the disk is its next transaction.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::store::{Store, Write};

/// Changes of one transaction at most.
const BATCH_MAX: usize = 256;

/// Changes that wait for the disk at most, besides those of one transaction. At the bound the ledger of this node ends, and begins again from what is kept: a
/// change that is left out would leave a hole.
pub(super) const WAITING_MAX: usize = 2_048;

/// A store that cannot be written is opened anew and tried again after this.
const AGAIN: Duration = Duration::from_millis(500);

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Written {
    /// This record, and all that was handed in before it, is on disk.
    Kept(u32),
    /// Nothing can be written now, and why. It is tried again until it works; nothing is signed meanwhile.
    Trouble(String),
    /// It works again.
    Mended,
}

/// Starts the thread. It ends when the sender is dropped, once all is written or cannot be.
pub(super) fn start(store: Arc<Store>, told: UnboundedSender<Written>) -> io::Result<SyncSender<Write>> {
    let (writes, queue) = sync_channel(WAITING_MAX);
    thread::Builder::new().name("ledger-write".to_owned()).spawn(move || run(&store, &queue, &told))?;
    Ok(writes)
}

fn run(store: &Store, queue: &Receiver<Write>, told: &UnboundedSender<Written>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        let mut is_last = gather(queue, &mut batch);
        let mut is_troubled = false;
        while let Err(error) = store.commit(&batch) {
            if is_last {
                tracing::error!(%error, "the ledger's last records were not written; nothing was signed by them");
                return;
            }
            is_troubled = true;
            let _ = told.send(Written::Trouble(error.to_string()));
            thread::sleep(AGAIN);
            is_last = gather(queue, &mut batch);
            // redb refuses everything after the first error of the disk, until the file is opened anew.
            if let Err(error) = store.reopen() {
                tracing::debug!(%error, "the ledger's store is not opened yet");
            }
        }
        if is_troubled {
            let _ = told.send(Written::Mended);
        }
        let last = batch.iter().rev().find_map(|write| match write {
            Write::Record { number, .. } => Some(*number),
            _ => None,
        });
        if let Some(number) = last {
            let _ = told.send(Written::Kept(number));
        }
    }
}

/// Takes what waits; whether nothing comes any more.
fn gather(queue: &Receiver<Write>, batch: &mut Vec<Write>) -> bool {
    while batch.len() < BATCH_MAX {
        match queue.try_recv() {
            Ok(write) => batch.push(write),
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => return true,
        }
    }
    false
}
