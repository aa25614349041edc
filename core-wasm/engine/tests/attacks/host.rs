//! An honest node with its shell, as an attacker meets it: real ECDSA P-256, a store that keeps what it is given, no network.

use std::collections::BTreeMap;

use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature as Sig, SigningKey, VerifyingKey};
use tabmesh_engine::wire::Reader;
use tabmesh_engine::wire::frame::{Frame, RELAY, proof_bytes, split, transcript};
use tabmesh_engine::wire::topic;
use tabmesh_engine::*;

pub(crate) use crate::frames::NET;
use crate::frames::hello_of;

pub(crate) struct Key {
    sk: SigningKey,
    pub(crate) public: PublicKey,
}
impl Key {
    pub(crate) fn new(seed: u64) -> Self {
        let sk = SigningKey::from_slice(&sha256(&seed.to_be_bytes())).unwrap();
        let point = sk.verifying_key().to_sec1_point(false);
        let public = PublicKey::from_sec1(point.as_bytes()).unwrap();
        Self { sk, public }
    }
    pub(crate) fn id(&self) -> NodeId {
        NodeId::of_key(&self.public)
    }
    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        let s: Sig = self.sk.sign(bytes);
        Signature(s.to_bytes().into())
    }
}
pub(crate) fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
    let (Ok(v), Ok(s)) = (VerifyingKey::from_sec1_bytes(&key.to_sec1()), Sig::from_slice(&signature.0))
    else {
        return false;
    };
    v.verify(bytes, &s).is_ok()
}

pub(crate) struct Host {
    pub(crate) node: Node,
    pub(crate) key: Key,
    pub(crate) now: u64,
    /// Packets that were sent, by link.
    pub(crate) sent: BTreeMap<LinkId, Vec<Vec<u8>>>,
    /// The same as they left: sealed where the link is.
    pub(crate) wire: BTreeMap<LinkId, Vec<Vec<u8>>>,
    pub(crate) accepted: Vec<LinkId>,
    pub(crate) offers: Vec<LinkId>,
    pub(crate) answers: Vec<LinkId>,
    pub(crate) circuits: usize,
    pub(crate) events: Vec<Event>,
    /// The blocks that were stored: name, whether they are held, length.
    pub(crate) stored: Vec<(BlockHash, bool, usize)>,
    pub(crate) blocks: BTreeMap<BlockHash, Vec<u8>>,
    /// What the engine wanted to be only cached from now on.
    pub(crate) released: Vec<BlockHash>,
    /// The store takes nothing.
    pub(crate) is_store_full: bool,
    /// What a walk through the store finds.
    pub(crate) held: Vec<BlockHash>,
    /// Names that it looked for in the store.
    pub(crate) absents: usize,
    pub(crate) memory: BTreeMap<[u8; 12], Vec<u8>>,
    /// Messages whose signature was checked.
    pub(crate) checks: usize,
    /// Signatures whose check ends when the test says so, and whether they hold.
    pub(crate) slow_checks: Option<Vec<(JobId, bool)>>,
    /// Walks through the store.
    pub(crate) scans: usize,
    pub(crate) closed: Vec<LinkId>,
    /// Links that it dialled by socket.
    pub(crate) sockets: Vec<LinkId>,
    /// The fresh keys of sockets, and what they are sealed with.
    exchanges: BTreeMap<LinkId, Key>,
    pub(crate) seals: BTreeMap<LinkId, Seal>,
}

/// AES-GCM's place is taken by SHA-256: nobody without one of the two secrets opens or makes a message.
pub(crate) struct Seal {
    secret: [u8; 32],
    dialled: bool,
    sealed: u64,
    opened: u64,
}
impl Seal {
    pub(crate) fn new(own: &Key, peer: &PublicKey, dialled: bool, transcript: &[u8; 32]) -> Option<Self> {
        let peer = p256::PublicKey::from_sec1_bytes(&peer.to_sec1()).ok()?;
        let shared = p256::ecdh::diffie_hellman(own.sk.as_nonzero_scalar(), peer.as_affine());
        let secret = sha256(&[&shared.raw_secret_bytes()[..], transcript].concat());
        Some(Self { secret, dialled, sealed: 0, opened: 0 })
    }
    fn work(&self, is_own: bool, count: u64, message: &mut [u8]) -> [u8; 16] {
        let role = u8::from(self.dialled == is_own);
        let key = sha256(&[&self.secret[..], &[role], &count.to_be_bytes()].concat());
        for (at, chunk) in message.chunks_mut(32).enumerate() {
            let pad = sha256(&[&key[..], &(at as u64).to_be_bytes()].concat());
            chunk.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        }
        key[..16].try_into().unwrap()
    }
    pub(crate) fn seal(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        self.sealed += 1;
        let plain = message.clone();
        let key = self.work(true, self.sealed, &mut message);
        message.extend(&sha256(&[&key[..], &plain].concat())[..16]);
        message
    }
    pub(crate) fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.opened += 1;
        let (body, tag) = sealed.split_at(sealed.len().checked_sub(16)?);
        let mut message = body.to_vec();
        let key = self.work(false, self.opened, &mut message);
        (tag == &sha256(&[&key[..], &message].concat())[..16]).then_some(message)
    }
}

impl Host {
    pub(crate) fn new(seed: u64, profile: Profile) -> Self {
        let key = Key::new(seed);
        let node = Node::new(Config {
            key: key.public,
            seed: sha256(&(seed ^ 0x1234_5678_9abc_def0).to_be_bytes()),
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
            wire: BTreeMap::new(),
            accepted: vec![],
            offers: vec![],
            answers: vec![],
            circuits: 0,
            slow_checks: None,
            events: vec![],
            stored: vec![],
            blocks: BTreeMap::new(),
            released: vec![],
            is_store_full: false,
            held: vec![],
            absents: 0,
            memory: BTreeMap::new(),
            checks: 0,
            scans: 0,
            closed: vec![],
            sockets: vec![],
            exchanges: BTreeMap::new(),
            seals: BTreeMap::new(),
        }
    }
    pub(crate) fn tell(&mut self, input: Input<'_>) {
        self.node.handle_input(Instant(self.now), input);
        self.drain();
    }
    /// Makes the fresh key of a socket and tells its public half, from within a drain.
    fn describe(&mut self, link: LinkId) {
        let key = Key::new(u64::from(link.number()) << 32 | u64::from(self.key.public.0[0]) << 8 | 0xe);
        let public = key.public;
        self.exchanges.insert(link, key);
        let input = Input::Described { link, description: &public.0 };
        self.node.handle_input(Instant(self.now), input);
    }
    /// The other end of a WebSocket sends these bytes, sealed or not.
    pub(crate) fn hear_wire(&mut self, link: LinkId, bytes: &[u8]) {
        let opened = match self.seals.get_mut(&link) {
            Some(seal) => seal.open(bytes),
            None => Some(bytes.to_vec()),
        };
        match opened {
            Some(bytes) => self.tell(Input::LinkBytes { link, bytes: &bytes }),
            None => self.tell(Input::LinkDown(link)),
        }
    }
    pub(crate) fn done(&mut self, job: JobId, result: JobResult<'_>) {
        self.node.handle_input(Instant(self.now), Input::JobDone { job, result });
    }
    pub(crate) fn drain(&mut self) {
        loop {
            match self.node.poll_output() {
                Output::Timeout(_) => return,
                Output::Send { link, bytes } => {
                    let on_wire = match self.seals.get_mut(&link) {
                        Some(seal) => seal.seal(bytes.clone()),
                        None => bytes.clone(),
                    };
                    self.sent.entry(link).or_default().push(bytes);
                    self.wire.entry(link).or_default().push(on_wire);
                }
                Output::Accept(link) => {
                    self.accepted.push(link);
                    self.describe(link);
                }
                Output::Open { link, route: Route::Socket(_) } => {
                    self.sockets.push(link);
                    self.describe(link);
                }
                Output::Seal { link, dialled, key, transcript } => {
                    let seal = Seal::new(&self.exchanges[&link], &key, dialled, &transcript);
                    self.seals.insert(link, seal.expect("a point of the curve"));
                }
                Output::Open { link, route: Route::Offer } => self.offers.push(link),
                Output::Open { link, route: Route::Answer(_) } => self.answers.push(link),
                Output::Open { route: Route::Circuit(_), .. } => self.circuits += 1,
                Output::Close(link) => self.closed.push(link),
                Output::Event(event) => {
                    self.events.push(event.clone());
                    if let Event::Published { id, bytes, .. } = event {
                        self.memory.insert(id, bytes);
                    } else if let Event::Asked { port: 0, ticket: bytes, .. } = &event {
                        self.tell(Input::Command(Command::Reply { status: Status::Ok, bytes }));
                    }
                }
                Output::Job { job, work } => match work {
                    Work::Sign(bytes) => {
                        let s = self.key.sign(&bytes);
                        self.done(job, JobResult::Signature(&s))
                    }
                    Work::Verify { key, signature, bytes } => {
                        let holds = verify(&key, &signature, &bytes);
                        match &mut self.slow_checks {
                            Some(checks) => checks.push((job, holds)),
                            None => self.done(job, JobResult::Verified(holds)),
                        }
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
                        if !ok && !held && bytes.is_empty() {
                            self.released.push(hash);
                            self.done(job, JobResult::Stored);
                            continue;
                        }
                        if ok && self.is_store_full {
                            self.done(job, JobResult::Full);
                            continue;
                        }
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
                    Work::Message(_) => self.done(job, JobResult::Loaded(b"well?")),
                    Work::Scan { .. } => {
                        self.scans += 1;
                        let held = self.held.clone();
                        self.done(job, JobResult::Hashes(&held))
                    }
                    Work::Absent(hashes) => {
                        self.absents += hashes.len();
                        self.done(job, JobResult::Hashes(&[]))
                    }
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
    /// The whole hello of this link, and what it names: the identity key and the fresh one.
    pub(crate) fn hello(&self, link: LinkId) -> (Vec<u8>, PublicKey, PublicKey) {
        let frames = self.frames(link);
        let hello = frames.iter().find_map(|f| match Frame::parse(f) {
            Some(Frame::Hello(h)) => Some((f.clone(), *h.key, *h.exchange)),
            _ => None,
        });
        hello.expect("a hello was sent")
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
        self.introduce(link, key);
        link
    }
    /// Whoever has `key` proves it on a socket that this host accepted.
    pub(crate) fn introduce(&mut self, link: LinkId, key: &Key) {
        self.prove(link, key);
        if self.bye(link).is_none() {
            self.hear(link, &[Frame::Welcome]);
        }
    }
    /// An honest relay joins by WebSocket.
    pub(crate) fn relay(&mut self, key: &Key) -> LinkId {
        let link = self.knock();
        self.prove_as(link, key, Profile::Native as u8 | RELAY);
        self.hear(link, &[Frame::Welcome]);
        link
    }
    /// The same up to the proof.
    pub(crate) fn prove(&mut self, link: LinkId, key: &Key) {
        self.prove_as(link, key, 0);
    }
    fn prove_as(&mut self, link: LinkId, key: &Key, profile: u8) {
        let (theirs, own, _) = self.hello(link);
        let exchange = Key::new(0x00ab_cdef);
        let mine = hello_of(profile, &key.public, &exchange.public).emit();
        let transcript = transcript(&sha256(&mine[2..]), &sha256(&theirs));
        let signed = proof_bytes(&NET, true, &transcript, &key.id(), &NodeId::of_key(&own));
        let proof = key.sign(&signed);
        self.tell(Input::LinkBytes { link, bytes: &mine });
        self.hear(link, &[Frame::Proof(&proof)]);
    }
    /// It dials a WebSocket, whose transport is open at once.
    pub(crate) fn dial(&mut self) -> LinkId {
        self.tell(Input::Command(Command::Addresses(1)));
        let link = *self.sockets.last().expect("an address is dialled");
        self.tell(Input::LinkUp(link));
        link
    }
}
