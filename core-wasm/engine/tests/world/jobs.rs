//! The asynchronous work of a host: WebCrypto and IndexedDB, or their native likes.

use tabmesh_engine::wire::topic;
use tabmesh_engine::{JobId, Work};
use tabmesh_world::{job, message};

use super::agenda::Happening;
use super::ids::HostId;
use super::outcome::Outcome;
use super::run::World;
use super::stimulus::Stimulus;

impl World {
    /// Starts a job. Jobs of one host run side by side and may end in any order.
    pub(super) fn start_job(&mut self, host: HostId, job: JobId, work: Work) {
        let (life, slowness) = (self.hosts[host.0].life, self.hosts[host.0].job_slowness);
        let delay = job::takes_us(&work, &mut self.dice) * slowness;
        self.at(delay, Happening::Finish(host, life, job, work));
    }

    /// Ends a job: what it does to the store is done and durable from here on, and not before.
    pub(super) fn finish_job(&mut self, host: HostId, life: u32, job: JobId, work: Work) {
        let verify = self.signing.verify;
        let machine = &mut self.hosts[host.0];
        if machine.life != life {
            return;
        }
        let outcome = match &work {
            Work::Sign(bytes) => Outcome::Signature(machine.key.sign(bytes)),
            Work::Verify { key, signature, bytes } => Outcome::Verified(verify(key, signature, bytes)),
            Work::Message(op) => {
                machine.outgoing.get(&op.0).map_or(Outcome::Missing, |bytes| Outcome::Loaded(bytes.clone()))
            }
            Work::SignMessage(raw) => {
                let network = machine.spec.network_id();
                Outcome::Loaded(message::signed(&network, raw, |bytes| machine.key.sign(bytes)))
            }
            Work::CheckMessage(raw) => {
                assert!(topic::proof(raw).is_some(), "the engine looked");
                let holds = message::holds(&machine.spec.network_id(), raw, verify);
                if holds { Outcome::Loaded(raw.clone()) } else { Outcome::Missing }
            }
            Work::Recall(id) => {
                machine.published.get(id).map_or(Outcome::Missing, |bytes| Outcome::Loaded(bytes.clone()))
            }
            _ if machine.store.broken => Outcome::Failed,
            Work::Load(hash) => machine.store.load(hash),
            Work::Store { hash, bytes, held } => machine.store.store(hash, bytes, *held),
            Work::Absent(hashes) => machine.store.absent(hashes),
            Work::Scan { after, count } => machine.store.scan(*after, *count),
        };
        self.hand(host, Stimulus::Job(job, outcome));
    }
}
