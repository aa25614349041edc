//! A module that follows a ledger: it takes one block after another, has their signatures verified, and shows what is in the state.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, Done, Input, Instant, Module, Outbox, Output, Room, Work, Writer};

use crate::block::Block;
use crate::genesis::{Flaw, Genesis};
use crate::key::Key;
use crate::ledger::Ledger;
use crate::refusal::Refusal;

/// What the face of a replica says: a byte that says which, then the bytes.
pub mod command {
    /// Begin with this genesis; a ledger that was there is forgotten.
    pub const BEGIN: u8 = 0;
    /// Take this block.
    pub const BLOCK: u8 = 1;
    /// Prove what is under this key, 32 bytes.
    pub const PROVE: u8 = 2;
}

/// What it hears.
pub mod event {
    /// The header of the last block, after a command that was done.
    pub const HEAD: u8 = 0;
    /// A block was not taken: the number of the [`Refusal`](crate::Refusal).
    pub const REFUSED: u8 = 1;
    /// The genesis is none: the number of the [`Flaw`](crate::Flaw).
    pub const FLAWED: u8 = 2;
    /// The proof that was asked for.
    pub const PROOF: u8 = 3;
    /// The command is none, or comes before a genesis, or while another block is verified.
    pub const NOT_NOW: u8 = 4;
}

/// See the head of this file.
pub struct Replica {
    network: [u8; 8],
    ledger: Option<Ledger>,
    /// A block whose signatures are being verified, and how many of them are not yet.
    waiting: Option<(Block, usize)>,
    /// How many jobs were given out for blocks before it: the numbers of late ones mean nothing.
    jobs: u32,
    outbox: Outbox,
}

impl Replica {
    /// Without a ledger yet.
    pub fn new(attachment: Attachment) -> Self {
        let Attachment { network, .. } = attachment;
        Self { network, ledger: None, waiting: None, jobs: 0, outbox: Outbox::default() }
    }

    fn on_command(&mut self, bytes: &[u8]) {
        let (kind, rest) = bytes.split_first().map_or((u8::MAX, bytes), |(kind, rest)| (*kind, rest));
        match (kind, &self.ledger) {
            (command::BEGIN, _) => self.begin(rest),
            (command::BLOCK, Some(_)) if self.waiting.is_none() => match Block::read(rest) {
                Ok(block) => self.verify(block),
                Err(why) => self.tell(event::REFUSED, &[why.code()]),
            },
            (command::PROVE, Some(ledger)) if rest.len() == 32 => {
                let key = rest.first_chunk().copied().map_or(Key([0; 32]), Key);
                let proof = ledger.state().prove(&key).emit();
                self.tell(event::PROOF, &proof);
            }
            _ => self.tell(event::NOT_NOW, &[]),
        }
    }

    fn begin(&mut self, bytes: &[u8]) {
        match Genesis::read(bytes) {
            // What a ledger of another network has signed would never hold here.
            Ok(genesis) if genesis.network == self.network => {
                self.forget();
                self.ledger = Some(Ledger::new(&genesis));
                self.tell_head();
            }
            Ok(_) => self.tell(event::FLAWED, &[Flaw::Malformed as u8]),
            Err(flaw) => self.tell(event::FLAWED, &[flaw as u8]),
        }
    }

    fn verify(&mut self, block: Block) {
        let Some(ledger) = &self.ledger else { return };
        if block.operations.len() > ledger.operations_max() {
            return self.tell(event::REFUSED, &[Refusal::TooManyOperations.code()]);
        }
        for (index, operation) in block.operations.iter().enumerate() {
            let claim = operation.claim(ledger.id());
            let job = self.jobs.wrapping_add(index as u32);
            let (key, signature, bytes) = (&claim.key, &claim.signature, &claim.bytes[..]);
            self.outbox.put(&Output::Work(Work::Verify { job, key, signature, bytes }));
        }
        let count = block.operations.len();
        self.waiting = Some((block, count));
        self.apply_if_verified();
    }

    fn on_done(&mut self, done: Done<'_>) {
        let (job, holds) = match done {
            Done::Verified { job, holds } => (job, holds),
            Done::Signed { job, .. } | Done::Failed { job } => (job, false),
        };
        let Some((block, left)) = &mut self.waiting else { return };
        if job.wrapping_sub(self.jobs) as usize >= block.operations.len() {
            return;
        }
        if holds {
            *left = left.saturating_sub(1);
            self.apply_if_verified();
        } else {
            self.forget();
            self.tell(event::REFUSED, &[Refusal::BadSignature.code()]);
        }
    }

    fn apply_if_verified(&mut self) {
        let Some((block, _)) = self.waiting.take_if(|(_, left)| *left == 0) else { return };
        self.jobs = self.jobs.wrapping_add(block.operations.len() as u32);
        let Some(ledger) = &mut self.ledger else { return };
        match ledger.apply(&block) {
            Ok(()) => self.tell_head(),
            Err(why) => self.tell(event::REFUSED, &[why.code()]),
        }
    }

    /// Gives up the block that is being verified.
    fn forget(&mut self) {
        if let Some((block, _)) = self.waiting.take() {
            self.jobs = self.jobs.wrapping_add(block.operations.len() as u32);
        }
    }

    fn tell_head(&mut self) {
        if let Some(ledger) = &self.ledger {
            let header: Vec<u8> = ledger.head().emit();
            self.tell(event::HEAD, &header);
        }
    }

    fn tell(&mut self, kind: u8, bytes: &[u8]) {
        let mut writer = Writer::default();
        writer.u8(kind).bytes(bytes);
        self.outbox.put(&Output::Event(&writer.finish()));
    }
}

impl Module for Replica {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        match input {
            Input::Command(bytes) => self.on_command(bytes),
            Input::Done(done) => self.on_done(done),
            // It follows what its face brings, and hears nobody else.
            Input::Told(_) | Input::Time => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.outbox.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}
