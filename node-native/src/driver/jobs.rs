//! The engine's asynchronous work: own signatures at once, those of others and blocks by threads.

use tabmesh_engine::wire::topic;
use tabmesh_engine::{Input, JobId, JobResult, Work};

use super::state::{Driver, Finding};
use super::verifier::{Check, Checked, OfEngine};
use crate::storage::{Answer, Reply, Request};

impl Driver {
    pub(super) fn work(&mut self, job: JobId, work: Work) {
        let request = match work {
            Work::Sign(bytes) => {
                let signature = self.identity.sign(&bytes);
                return self.findings.push_back(Finding::Signed(job, signature));
            }
            Work::Verify { key, signature, bytes } => {
                let whose = OfEngine { job, message: None };
                return self.check(Check { whose, key, signature, bytes });
            }
            Work::SignMessage(raw) => {
                let signature = self.identity.sign(&topic::signed_bytes(&self.network, &raw));
                let signed = signature.map(|signature| topic::signed(raw, &signature));
                return self.findings.push_back(Finding::Message(job, signed));
            }
            Work::CheckMessage(raw) => {
                let Some((key, signature)) = topic::proof(&raw).map(|(key, signature)| (*key, *signature))
                else {
                    return self.findings.push_back(Finding::Message(job, None));
                };
                let bytes = topic::signed_bytes(&self.network, &raw);
                let whose = OfEngine { job, message: Some(raw) };
                return self.check(Check { whose, key, signature, bytes });
            }
            Work::Recall(id) => {
                let raw = self.memory.recall(&id).map(<[u8]>::to_vec);
                return self.findings.push_back(Finding::Message(job, raw));
            }
            Work::Message(op) => return self.findings.push_back(Finding::Wanted(job, op)),
            Work::Load(hash) => Request::Load(hash),
            Work::Store { hash, bytes, held: false } => {
                return self.storage.try_cache(hash, bytes.into(), self.reply(job));
            }
            Work::Store { hash, bytes, held } => Request::Store { hash, bytes: bytes.into(), held },
            Work::Absent(hashes) => Request::Absent(hashes),
            Work::Scan { after, count } => Request::Scan { after, count },
        };
        self.storage.try_submit(request, self.reply(job));
    }

    /// Takes what the store answers to a job.
    fn reply(&self, job: JobId) -> Reply {
        let answers = self.answers.clone();
        // The driver is gone only when the whole node stops.
        Box::new(move |answer| drop(answers.send((job, answer))))
    }

    fn check(&mut self, check: Check<OfEngine>) {
        let job = check.whose.job;
        if !self.verifier.submit(check) {
            debug_assert!(false, "the engine has no more jobs under way");
            self.findings.push_back(Finding::NotDone(job));
        }
    }

    pub(super) fn on_checked(&mut self, checked: Checked<OfEngine>) {
        let Checked { whose: OfEngine { job, message }, holds } = checked;
        let result = match &message {
            None => JobResult::Verified(holds),
            Some(raw) if holds => JobResult::Loaded(raw),
            Some(_) => JobResult::Missing,
        };
        self.tell(Input::JobDone { job, result });
    }

    pub(super) fn on_answer(&mut self, job: JobId, answer: &Answer) {
        let result = match answer {
            Answer::Stored => JobResult::Stored,
            Answer::Mismatch => JobResult::Mismatch,
            Answer::Full => JobResult::Full,
            Answer::Loaded(bytes) => JobResult::Loaded(bytes),
            Answer::Missing => JobResult::Missing,
            Answer::Hashes(hashes) => JobResult::Hashes(hashes),
            Answer::Failed => JobResult::Failed,
        };
        self.tell(Input::JobDone { job, result });
    }
}
