//! The engine's asynchronous work: signatures at once, blocks by the storage threads.

use tabmesh_engine::wire::topic;
use tabmesh_engine::{Input, JobId, JobResult, Work};

use super::{Driver, Finding};
use crate::identity::verify;
use crate::storage::{Answer, Request};

impl Driver {
    pub(super) fn work(&mut self, job: JobId, work: Work) {
        let request = match work {
            Work::Sign(bytes) => {
                let signature = self.identity.sign(&bytes);
                return self.findings.push_back(Finding::Signed(job, signature));
            }
            Work::Verify { key, signature, bytes } => {
                let holds = verify(&key, &signature, &bytes);
                return self.findings.push_back(Finding::Verified(job, holds));
            }
            Work::SignMessage(raw) => {
                let signature = self.identity.sign(&topic::signed_bytes(&self.network, &raw));
                let signed = signature.map(|signature| topic::signed(raw, &signature));
                return self.findings.push_back(Finding::Message(job, signed));
            }
            Work::CheckMessage(raw) => {
                let bytes = topic::signed_bytes(&self.network, &raw);
                let holds = topic::proof(&raw).is_some_and(|(key, signature)| verify(key, signature, &bytes));
                return self.findings.push_back(Finding::Message(job, holds.then_some(raw)));
            }
            Work::Recall(id) => {
                let raw = self.memory.recall(&id).map(<[u8]>::to_vec);
                return self.findings.push_back(Finding::Message(job, raw));
            }
            Work::Message(op) => return self.findings.push_back(Finding::Wanted(job, op)),
            Work::Load(hash) => Request::Load(hash),
            Work::Store { hash, bytes, held } => Request::Store { hash, bytes: bytes.into(), held },
            Work::Absent(hashes) => Request::Absent(hashes),
            Work::Scan { after, count } => Request::Scan { after, count },
        };
        let answers = self.answers.clone();
        // The driver is gone only when the whole node stops.
        self.storage.try_submit(request, Box::new(move |answer| drop(answers.send((job, answer)))));
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
