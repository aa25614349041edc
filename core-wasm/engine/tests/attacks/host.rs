//! An honest node with its shell, as an attacker meets it: real ECDSA P-256, a store that keeps what it is given, no network.

use std::collections::BTreeMap;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature as Sig, SigningKey, VerifyingKey};
use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::frame::{Frame, Hello, Routed, proof_bytes, split};
use tabmesh_engine::wire::topic;
use tabmesh_engine::*;

pub(crate) const NET: [u8; 8] = *b"network!";

pub(crate) struct Key {
    sk: SigningKey,
    pub(crate) public: PublicKey,
}
impl Key {
    pub(crate) fn new(seed: u64) -> Self {
        let sk = SigningKey::from_slice(&sha256(&seed.to_be_bytes())).unwrap();
        let point = sk.verifying_key().to_sec1_point(false);
        let public = std::array::from_fn(|at| point.as_bytes()[at + 1]);
        Self { sk, public }
    }
    pub(crate) fn id(&self) -> NodeId {
        NodeId::of_key(&self.public)
    }
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        let s: Sig = self.sk.sign(bytes);
        s.to_bytes().into()
    }
}
pub(crate) fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
    let point: Vec<u8> = std::iter::once(4).chain(*key).collect();
    let (Ok(v), Ok(s)) = (VerifyingKey::from_sec1_bytes(&point), Sig::from_slice(signature)) else {
        return false;
    };
    v.verify(bytes, &s).is_ok()
}

/// An honest shell: real signatures, a store that keeps what it is given.
pub(crate) struct Host {
    pub(crate) node: Node,
    pub(crate) key: Key,
    /// In microseconds.
    pub(crate) now: u64,
    /// Packets that were sent, by link.
    pub(crate) sent: BTreeMap<LinkId, Vec<Vec<u8>>>,
    pub(crate) accepted: Vec<LinkId>,
    pub(crate) offers: Vec<LinkId>,
    pub(crate) events: Vec<Event>,
    /// The blocks that were stored: name, whether they are held, length.
    pub(crate) stored: Vec<(NodeId, bool, usize)>,
    pub(crate) blocks: BTreeMap<NodeId, Vec<u8>>,
    pub(crate) memory: BTreeMap<[u8; 12], Vec<u8>>,
    /// Messages whose signature was checked.
    pub(crate) checks: usize,
    /// Walks through the store.
    pub(crate) scans: usize,
    pub(crate) closed: Vec<LinkId>,
}
impl Host {
    pub(crate) fn new(seed: u64, profile: Profile) -> Self {
        let key = Key::new(seed);
        let node = Node::new(Config {
            key: key.public,
            seed: seed ^ 0x1234_5678_9abc_def0,
            network: NET,
            level: 0,
            profile,
            address: Vec::new(),
            addresses: 0,
            signalling: false,
            relay: false,
        });
        Self {
            node,
            key,
            now: 1_000_000,
            sent: BTreeMap::new(),
            accepted: vec![],
            offers: vec![],
            events: vec![],
            stored: vec![],
            blocks: BTreeMap::new(),
            memory: BTreeMap::new(),
            checks: 0,
            scans: 0,
            closed: vec![],
        }
    }
    pub(crate) fn tell(&mut self, input: Input<'_>) {
        self.node.handle_input(Instant(self.now), input);
        self.drain();
    }
    pub(crate) fn done(&mut self, job: JobId, result: JobResult<'_>) {
        self.node.handle_input(Instant(self.now), Input::JobDone { job, result });
    }
    pub(crate) fn drain(&mut self) {
        loop {
            match self.node.poll_output() {
                Output::Timeout(_) => return,
                Output::Send { link, bytes } => self.sent.entry(link).or_default().push(bytes),
                Output::Accept(link) => self.accepted.push(link),
                Output::Open { link, route: Route::Offer } => self.offers.push(link),
                Output::Close(link) => self.closed.push(link),
                Output::Event(event) => {
                    if let Event::Published { id, bytes, .. } = &event {
                        self.memory.insert(*id, bytes.clone());
                    }
                    self.events.push(event);
                }
                Output::Job { job, work } => match work {
                    Work::Sign(bytes) => {
                        let s = self.key.sign(&bytes);
                        self.done(job, JobResult::Signature(&s))
                    }
                    Work::Verify { key, signature, bytes } => {
                        let holds = verify(&key, &signature, &bytes);
                        self.done(job, JobResult::Verified(holds))
                    }
                    Work::SignMessage(raw) => {
                        let s = self.key.sign(&topic::signed_bytes(&NET, &raw));
                        let raw = topic::signed(raw, &s);
                        self.done(job, JobResult::Loaded(&raw))
                    }
                    Work::CheckMessage(raw) => {
                        self.checks += 1;
                        let bytes = topic::signed_bytes(&NET, &raw);
                        let holds = topic::proof(&raw).is_some_and(|(k, s)| verify(k, s, &bytes));
                        self.done(job, if holds { JobResult::Loaded(&raw) } else { JobResult::Missing })
                    }
                    Work::Recall(id) => {
                        let raw = self.memory.get(&id).cloned();
                        self.done(job, raw.as_deref().map_or(JobResult::Missing, JobResult::Loaded))
                    }
                    Work::Store { hash, bytes, held } => {
                        let ok = sha256(&bytes) == hash.0;
                        if ok {
                            self.stored.push((hash, held, bytes.len()));
                            self.blocks.insert(hash, bytes);
                        }
                        self.done(job, if ok { JobResult::Stored } else { JobResult::Mismatch })
                    }
                    Work::Load(hash) => {
                        let bytes = self.blocks.get(&hash).cloned();
                        self.done(job, bytes.as_deref().map_or(JobResult::Missing, JobResult::Loaded))
                    }
                    Work::Scan { .. } => {
                        self.scans += 1;
                        self.done(job, JobResult::Hashes(&[]))
                    }
                    Work::Absent(_) => self.done(job, JobResult::Hashes(&[])),
                    _ => self.done(job, JobResult::Missing),
                },
                _ => {}
            }
        }
    }
    /// Lets time pass in steps of a quarter of a second.
    pub(crate) fn at(&mut self, ms: u64) {
        let until = self.now + ms * 1000;
        while self.now < until {
            self.now = (self.now + 250_000).min(until);
            self.tell(Input::Timeout);
        }
    }
    /// The ends of these links answer probes, as any living peer does.
    pub(crate) fn alive(&mut self, ms: u64, links: &[LinkId]) {
        let until = self.now + ms * 1000;
        while self.now < until {
            self.now = (self.now + 250_000).min(until);
            self.tell(Input::Timeout);
            for link in links {
                for frame in self.frames(*link) {
                    if let Some(Frame::Ping(number)) = Frame::parse(&frame) {
                        self.hear(*link, &[Frame::Pong { number, at: Coordinate::default(), wall_s: 0 }]);
                    }
                }
                self.sent.remove(link);
                self.tell(Input::LinkDrained { link: *link, queued: 0 });
            }
        }
    }
    pub(crate) fn knock(&mut self) -> LinkId {
        self.tell(Input::Incoming);
        *self.accepted.last().unwrap()
    }
    pub(crate) fn hear(&mut self, link: LinkId, frames: &[Frame<'_>]) {
        let bytes: Vec<u8> = frames.iter().flat_map(|f| f.emit()).collect();
        self.tell(Input::LinkBytes { link, bytes: &bytes });
    }
    pub(crate) fn hear_bytes(&mut self, link: LinkId, bytes: &[u8]) {
        self.tell(Input::LinkBytes { link, bytes });
    }
    pub(crate) fn frames(&self, link: LinkId) -> Vec<Vec<u8>> {
        let mut all = vec![];
        for packet in self.sent.get(&link).into_iter().flatten() {
            let mut reader = Reader::new(packet);
            while let Some(Some(frame)) = split(&mut reader) {
                all.push(frame.to_vec())
            }
        }
        all
    }
    pub(crate) fn hello(&self, link: LinkId) -> (PublicKey, [u8; 32]) {
        self.frames(link)
            .iter()
            .find_map(|f| match Frame::parse(f) {
                Some(Frame::Hello(h)) => Some((*h.key, *h.nonce)),
                _ => None,
            })
            .unwrap()
    }
    pub(crate) fn proof(&self, link: LinkId) -> Signature {
        self.frames(link)
            .iter()
            .find_map(|f| match Frame::parse(f) {
                Some(Frame::Proof(s)) => Some(*s),
                _ => None,
            })
            .unwrap()
    }
    pub(crate) fn bye(&self, link: LinkId) -> Option<Reason> {
        self.frames(link).iter().find_map(|f| match Frame::parse(f) {
            Some(Frame::Bye(r)) => Some(r),
            _ => None,
        })
    }
    pub(crate) fn is_linked(&self, id: &NodeId) -> bool {
        self.node.links().any(|l| l.id == *id)
    }
    /// An honest guest with `key` joins by WebSocket.
    pub(crate) fn guest(&mut self, key: &Key) -> LinkId {
        let link = self.knock();
        let (own, nonce) = self.hello(link);
        let mine = [7; 32];
        let proof = key.sign(&proof_bytes(&NET, &nonce, &mine, &own));
        self.hear(link, &[hello(&key.public, &mine), Frame::Proof(&proof), Frame::Welcome]);
        link
    }
}
pub(crate) fn hello<'a>(key: &'a PublicKey, nonce: &'a [u8; 32]) -> Frame<'a> {
    Frame::Hello(Hello { network: &NET, profile: 0, nonce, key, address: b"" })
}
pub(crate) fn routed<'a>(
    reply: bool,
    exact: bool,
    origin: &'a NodeId,
    target: &'a NodeId,
    path: &'a [u8],
    kind: u8,
    payload: &'a [u8],
) -> Frame<'a> {
    Frame::Routed(Routed { reply, exact, how: 0, hops: 0, origin, target, request: 1, path, kind, payload })
}

pub(crate) fn pair(a: &mut Host, b: &mut Host) -> (LinkId, LinkId) {
    // Two honest listeners; the wire between them is honest too (it is the same dance as in 1).
    let (at_a, at_b) = (a.knock(), b.knock());
    let ((ak, an), (bk, bn)) = (a.hello(at_a), b.hello(at_b));
    b.hear(at_b, &[hello(&ak, &an)]);
    a.hear(at_a, &[hello(&bk, &bn)]);
    let (pb, pa) = (b.proof(at_b), a.proof(at_a));
    a.hear(at_a, &[Frame::Proof(&pb), Frame::Welcome]);
    b.hear(at_b, &[Frame::Proof(&pa), Frame::Welcome]);
    (at_a, at_b)
}
