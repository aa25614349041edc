//! Signatures of others are checked on a thread of its own: strangers can ask for as many checks as they like, and the
//! driver has links to serve meanwhile.

use std::io;
use std::thread;

use tabmesh_engine::limits::JOBS_MAX;
use tabmesh_engine::{JobId, PublicKey, Signature};
use tokio::sync::mpsc;

use crate::identity::verify;

/// One check.
pub(super) struct Check {
    pub(super) job: JobId,
    pub(super) key: PublicKey,
    pub(super) signature: Signature,
    pub(super) bytes: Vec<u8>,
    /// The message that is passed on if the signature holds; `None` where only that is asked.
    pub(super) message: Option<Vec<u8>>,
}

/// How one check ended.
pub(super) struct Checked {
    pub(super) job: JobId,
    pub(super) holds: bool,
    pub(super) message: Option<Vec<u8>>,
}

/// The driver's end; the thread ends when it is dropped.
pub(super) struct Verifier {
    checks: mpsc::Sender<Check>,
}

impl Verifier {
    /// Starts the thread; what it finds goes to `checked`, which is bounded as the checks are.
    pub(super) fn start(checked: mpsc::UnboundedSender<Checked>) -> io::Result<Self> {
        // The engine has no more jobs under way.
        let (checks, mut waiting) = mpsc::channel::<Check>(JOBS_MAX);
        thread::Builder::new().name("verify".to_owned()).spawn(move || {
            while let Some(Check { job, key, signature, bytes, message }) = waiting.blocking_recv() {
                let holds = verify(&key, &signature, &bytes);
                if checked.send(Checked { job, holds, message }).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { checks })
    }

    /// Queues a check; given back if as many wait as the engine may have jobs.
    pub(super) fn submit(&self, check: Check) -> Result<(), Check> {
        self.checks.try_send(check).map_err(|error| error.into_inner())
    }
}

#[cfg(test)]
mod tests {
    //! Checks are done in order, right and wrong ones told apart, and whoever hands them in does not wait for them.

    use std::time::Instant;

    use super::*;
    use crate::identity::Identity;

    #[tokio::test]
    async fn a_full_queue_of_checks_is_handed_in_sooner_than_one_of_them_is_done() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let identity = Identity::from_file(dir.path(), 0).expect("an identity");
        let signature = identity.sign(b"bytes").expect("signed");
        let (sender, mut checked) = mpsc::unbounded_channel();
        let verifier = Verifier::start(sender).expect("a thread");
        let check = |number: u32| Check {
            job: JobId(number),
            key: *identity.public_key(),
            signature,
            bytes: if number % 2 == 0 { b"bytes".to_vec() } else { b"other".to_vec() },
            message: Some(vec![number as u8]),
        };
        let begin = Instant::now();
        for number in 0..JOBS_MAX as u32 {
            assert!(verifier.submit(check(number)).is_ok());
        }
        let handed_in = begin.elapsed();
        for number in 0..JOBS_MAX as u32 {
            let done = checked.recv().await.expect("the thread runs");
            assert_eq!((done.job, done.holds), (JobId(number), number % 2 == 0));
            assert_eq!(done.message, Some(vec![number as u8]));
        }
        println!("handed in after {handed_in:?}, done after {:?}", begin.elapsed());
        assert!(handed_in < begin.elapsed() / 2);
    }
}
