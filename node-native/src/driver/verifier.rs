//! Signatures of others are checked on a thread of its own: strangers can ask for as many checks as they like, and the
//! driver has links to serve meanwhile. The engine has one, and modules another: neither waits for the other's.

use std::io;
use std::thread;

use tabmesh_engine::{JobId, PublicKey, Signature};
use tokio::sync::mpsc;

use crate::identity::verify;

/// One check, and whose it is.
pub(super) struct Check<T> {
    pub(super) whose: T,
    pub(super) key: PublicKey,
    pub(super) signature: Signature,
    pub(super) bytes: Vec<u8>,
}

/// How one check ended.
pub(super) struct Checked<T> {
    pub(super) whose: T,
    pub(super) holds: bool,
}

/// A check of the engine's.
pub(super) struct OfEngine {
    pub(super) job: JobId,
    /// The message that is passed on if the signature holds; `None` where only that is asked.
    pub(super) message: Option<Vec<u8>>,
}

/// The driver's end; the thread ends when it is dropped.
pub(super) struct Verifier<T> {
    checks: mpsc::Sender<Check<T>>,
}

impl<T: Send + 'static> Verifier<T> {
    /// Starts the thread, for which `most` checks may wait; what it finds goes to `checked`, which is bounded as the checks are.
    pub(super) fn start(
        name: &str,
        most: usize,
        checked: mpsc::UnboundedSender<Checked<T>>,
    ) -> io::Result<Self> {
        let (checks, mut waiting) = mpsc::channel::<Check<T>>(most);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(Check { whose, key, signature, bytes }) = waiting.blocking_recv() {
                let holds = verify(&key, &signature, &bytes);
                if checked.send(Checked { whose, holds }).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { checks })
    }

    /// Queues a check; `false` if as many wait as may.
    #[must_use]
    pub(super) fn submit(&self, check: Check<T>) -> bool {
        self.checks.try_send(check).is_ok()
    }
}

#[cfg(test)]
mod tests {
    //! Checks are done in order, right and wrong ones told apart, as many as the engine may have under way.

    use tabmesh_engine::limits::JOBS_MAX;

    use super::*;
    use crate::identity::Identity;

    #[tokio::test]
    async fn a_full_queue_of_checks_is_taken_and_done_in_order() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let identity = Identity::from_file(dir.path(), 0).expect("an identity");
        let signature = identity.sign(b"bytes").expect("signed");
        let (sender, mut checked) = mpsc::unbounded_channel();
        let verifier = Verifier::start("verify", JOBS_MAX, sender).expect("a thread");
        let check = |number: u32| Check {
            whose: number,
            key: *identity.public_key(),
            signature,
            bytes: if number.is_multiple_of(2) { b"bytes".to_vec() } else { b"other".to_vec() },
        };
        for number in 0..JOBS_MAX as u32 {
            assert!(verifier.submit(check(number)));
        }
        for number in 0..JOBS_MAX as u32 {
            let done = checked.recv().await.expect("the thread runs");
            assert_eq!((done.whose, done.holds), (number, number.is_multiple_of(2)));
        }
    }
}
