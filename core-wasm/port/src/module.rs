//! A module: a state machine that stands on the overlay, and the one rule by which its shell drives it.

use alloc::vec::Vec;

use crate::codec::{Reader, Writer};
use crate::fault::Fault;
use crate::id::PublicKey;
use crate::job::{Done, Work};
use crate::number::Port;
use crate::time::Instant;
use crate::told::Told;
use crate::wish::Wish;

/// The number of [`Input::Time`] in flat form.
const TIME: u8 = 0;
/// Jobs have the numbers from here on.
const JOBS: u8 = 64;
/// The number of [`Input::Command`] and [`Output::Event`] in flat form.
const FACE: u8 = 96;

/// A state machine on a port.
///
/// Its shell hands in one [`Input`] with its monotonic time, then drains [`Module::poll`], then comes back with the next input, or with
/// [`Input::Time`] at [`Module::wanted_at`]. A module opens no socket, reads no clock and draws no randomness but from its seed: the
/// same seed and the same inputs give the same outputs.
pub trait Module {
    /// Something happened. Bytes of others are never an error and never a panic.
    fn handle(&mut self, now: Instant, input: Input<'_>);

    /// The next [`Output`] in flat form, of those kinds for which there is room; `None` if there is none now.
    fn poll(&mut self, room: Room) -> Option<Vec<u8>>;

    /// When [`Input::Time`] is wanted: [`Instant::NEVER`] if it is not. A time that is past is wanted now.
    fn wanted_at(&self) -> Instant;
}

/// What a module is told when it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// The key of the node; its id is [`NodeId::of_key`](crate::NodeId::of_key).
    pub key: PublicKey,
    /// Names the network: the first 8 bytes of SHA-256 of its name.
    pub network: [u8; 8],
    /// Where the module is attached.
    pub port: Port,
    /// From the shell's cryptographic source, and told to nobody.
    pub seed: [u8; 32],
}

impl Attachment {
    /// Reads its bytes: key 64, network 8, port 4, seed 32.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let attachment = Self {
            key: *reader.key(),
            network: *reader.array(),
            port: Port(reader.u32()),
            seed: *reader.array(),
        };
        reader.end()?;
        Ok(attachment)
    }

    /// What a signature covers that a module of this port and network has made over `bytes`: `"tabmesh module v1"`, network, port,
    /// and `bytes`. A shell puts it before what [`Work::Sign`] says; [`Work::Verify`] says all of it.
    pub fn covered(network: &[u8; 8], port: Port, bytes: &[u8]) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(SIGNED).bytes(network).u32(port.0).bytes(bytes);
        writer.finish()
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.key.0).bytes(&self.network).u32(self.port.0).bytes(&self.seed);
        writer.finish()
    }
}

/// What a module's signature covers begins with this: no module signs what another one, the overlay or a person might have meant.
const SIGNED: &[u8] = b"tabmesh module v1";

/// What a shell hands to a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// The time that the module wanted has come, or one that it wanted before: it looks at `now`.
    Time,
    /// The overlay tells something.
    Told(Told<'a>),
    /// A job ended.
    Done(Done<'a>),
    /// The module's face wants something: bytes in a form that both know.
    Command(&'a [u8]),
}

/// What a module gives to its shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output<'a> {
    /// For the overlay.
    Wish(Wish<'a>),
    /// For the shell to do.
    Work(Work<'a>),
    /// For the module's face: bytes in a form that both know.
    Event(&'a [u8]),
}

impl<'a> Input<'a> {
    /// Reads the flat form.
    ///
    /// # Errors
    /// What is wrong with the bytes; they are refused as a whole.
    pub fn read(flat: &'a [u8]) -> Result<Self, Fault> {
        match flat.split_first() {
            Some((&TIME, &[])) => Ok(Self::Time),
            Some((&TIME, rest)) => Err(Fault::trailing(rest.len())),
            Some((&FACE, bytes)) => Ok(Self::Command(bytes)),
            Some((&(JOBS..), _)) => Done::read(flat).map(Self::Done),
            _ => Told::read(flat).map(Self::Told),
        }
    }

    /// The flat form.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Time => [TIME].to_vec(),
            Self::Told(told) => told.emit(),
            Self::Done(done) => done.emit(),
            Self::Command(bytes) => face(bytes),
        }
    }
}

impl<'a> Output<'a> {
    /// Reads the flat form.
    ///
    /// # Errors
    /// What is wrong with the bytes: the module has a fault.
    pub fn read(flat: &'a [u8]) -> Result<Self, Fault> {
        match flat.split_first() {
            Some((&FACE, bytes)) => Ok(Self::Event(bytes)),
            Some((&(JOBS..), _)) => Work::read(flat).map(Self::Work),
            _ => Wish::read(flat).map(Self::Wish),
        }
    }

    /// The flat form.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Wish(wish) => wish.emit(),
            Self::Work(work) => work.emit(),
            Self::Event(bytes) => face(bytes),
        }
    }
}

fn face(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(bytes.len() + 1);
    writer.u8(FACE).bytes(bytes);
    writer.finish()
}

/// The kinds of wishes that would be taken now; for jobs and events there is always room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room(u64);

impl Room {
    /// For everything.
    pub const ALL: Self = Self(u64::MAX);

    /// A bit for each kind: bit n for kind n.
    pub const fn of(kinds: u64) -> Self {
        Self(kinds)
    }

    /// As [`Room::of`] takes it.
    pub const fn kinds(self) -> u64 {
        self.0
    }

    /// Without that for wishes of this kind: [`Wish::kind`].
    #[must_use]
    pub const fn without(self, kind: u8) -> Self {
        match 1_u64.checked_shl(kind as u32) {
            Some(bit) => Self(self.0 & !bit),
            None => self,
        }
    }

    /// Whether there is some for outputs of this kind.
    pub const fn has(self, kind: u8) -> bool {
        match 1_u64.checked_shl(kind as u32) {
            Some(bit) => self.0 & bit != 0,
            None => true,
        }
    }
}

/// Outputs that wait to be polled, in flat form. A module has one; what waits in it is for the module to bound.
#[derive(Default, Debug)]
pub struct Outbox(Vec<Vec<u8>>);

impl Outbox {
    /// Appends an output.
    pub fn put(&mut self, output: &Output<'_>) {
        self.0.push(output.emit());
    }

    /// Takes the first one for whose kind there is room: order holds within a kind.
    pub fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|flat| room.has(flat.first().copied().unwrap_or_default()))?;
        Some(self.0.remove(at))
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
