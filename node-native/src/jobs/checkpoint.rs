//! The file of a checkpoint (`docs/JOBS.md`), and its seal. A page and this host write the same, and each reads what the other wrote.

use bytes::Bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use tabmesh_engine::NodeId;
use tabmesh_engine::content::cid::Cid;
use tabmesh_meter::limits::{FILE_BYTES_MAX, PAGES_MAX};
use tabmesh_port::{BlockHash, Reader, Writer};
use tabmesh_tasks::{Outcome, TaskId};
use thiserror::Error;

use super::graph::ARITY_MAX;
use crate::identity::{from_hex, hex, hex_of};
use crate::task::{GAS_MAX, STREAM_BYTES_MAX};

/// The version of the file.
const VERSION: u32 = 1;

/// Bytes of the longest one; of a longer one none is made.
pub const CHECKPOINT_MAX: usize = 256 << 20;

/// Stages of a job: its CID counts them in a byte.
const STAGES_MAX: usize = 255;

/// Bytes of the longest journal; what is beyond runs again.
pub const JOURNAL_MAX: usize = 64 << 20;

/// A key seals one file: no two are sealed alike.
const NONCE: [u8; 12] = [0; 12];

/// How an invocation is in the file.
const BYTES: u8 = 0;
const ONE: u8 = 1;
const LIST: u8 = 2;
const NAME: u8 = 3;

/// Bytes that are no checkpoint, or sealed by another key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "this names no checkpoint of a job that this version can read: copy all of it, the key behind # included"
)]
pub struct NoCheckpoint;

/// What a checkpoint has.
#[derive(Clone, PartialEq, Debug)]
pub struct Saved {
    /// The job's CID.
    pub cid: String,
    /// The limit of gas of each task.
    pub gas: u64,
    /// How outcomes are checked, 0 to 4.
    pub validation: u8,
    /// The list of invocations first.
    pub stages: Vec<Stage>,
    /// Those of the list.
    pub invocations: Vec<Invocation>,
    /// How often executors were checked and right.
    pub records: Vec<(NodeId, u32)>,
    /// What tasks came to.
    pub journal: Vec<Known>,
}

/// How a stage follows from the one before, and its modules.
#[derive(Clone, PartialEq, Debug)]
pub struct Stage {
    /// How many results are reduced to one; of none there is one invocation for each, or it is the list.
    pub arity: Option<u32>,
    /// Of the list 256 at most, else one.
    pub modules: Vec<Module>,
}

/// A module, and what its tasks have in common.
#[derive(Clone, PartialEq, Debug)]
pub struct Module {
    /// Its bytes.
    pub bytes: Bytes,
    /// Pages of memory.
    pub pages: u32,
    /// What random bytes come from.
    pub seed: [u8; 32],
    /// Nanoseconds since 1970.
    pub time: u64,
    /// Bytes of a piece, or 0.
    pub piece: u32,
}

/// An invocation of the list.
#[derive(Clone, PartialEq, Debug)]
pub struct Invocation {
    /// Which of the list's modules.
    pub module: u16,
    /// Its input.
    pub input: Input,
}

/// The input of an invocation.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// These bytes.
    Bytes(Bytes),
    /// A content of the network.
    Content(Cid),
    /// The output of an earlier one.
    One(u32),
    /// The outputs of earlier ones.
    List(Vec<u32>),
}

/// What a task came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Known {
    /// Which.
    pub task: TaskId,
    /// What came of it.
    pub outcome: Outcome,
    /// Who said so; `None` for whoever made the checkpoint.
    pub executor: Option<NodeId>,
    /// Others came to the same.
    pub is_checked: bool,
    /// So many did.
    pub votes: u8,
    /// Its output.
    pub output: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    cid: String,
    gas: String,
    validation: u8,
    stages: Vec<StageHead>,
    invocations: u32,
    records: Vec<(String, u32)>,
}

#[derive(Serialize, Deserialize)]
struct StageHead {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arity: Option<u32>,
    modules: Vec<ModuleHead>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    List,
    Each,
    Reduce,
}

#[derive(Serialize, Deserialize)]
struct ModuleHead {
    bytes: u32,
    pages: u32,
    seed: String,
    time: String,
    piece: u32,
}

impl Saved {
    /// The file's bytes; `None` where there are more than [`CHECKPOINT_MAX`].
    #[must_use]
    pub fn write(&self) -> Option<Vec<u8>> {
        let stages = self.stages.iter().enumerate().map(|(at, stage)| StageHead {
            kind: if at == 0 {
                Kind::List
            } else if stage.arity.is_some() {
                Kind::Reduce
            } else {
                Kind::Each
            },
            arity: stage.arity,
            modules: stage.modules.iter().map(Module::head).collect(),
        });
        let head = Head {
            version: VERSION,
            cid: self.cid.clone(),
            gas: self.gas.to_string(),
            validation: self.validation,
            stages: stages.collect(),
            invocations: self.invocations.len() as u32,
            records: self.records.iter().map(|(id, confirmed)| (hex(id), *confirmed)).collect(),
        };
        let head = serde_json::to_vec(&head).ok()?;
        let mut writer = Writer::default();
        writer.u32(head.len() as u32).bytes(&head);
        self.stages
            .iter()
            .flat_map(|stage| &stage.modules)
            .for_each(|module| _ = writer.bytes(&module.bytes));
        let mut file = writer.finish();
        for invocation in &self.invocations {
            file.extend_from_slice(&invocation.emit());
            if file.len() > CHECKPOINT_MAX {
                return None;
            }
        }
        let end = file.len() + JOURNAL_MAX;
        for known in &self.journal {
            let entry = known.emit();
            if file.len() + entry.len() <= end {
                file.extend_from_slice(&entry);
            }
        }
        (file.len() <= CHECKPOINT_MAX).then_some(file)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is none.
    pub fn read(file: &[u8]) -> Result<Self, NoCheckpoint> {
        Self::read_whole(file).ok_or(NoCheckpoint)
    }

    fn read_whole(file: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(file);
        let length = reader.u32() as usize;
        let text = reader.bytes(length);
        let head: Head = serde_json::from_slice(text).ok()?;
        // A head has one spelling, so that no two shells make different ones of it.
        let is_spelt = serde_json::to_vec(&head).is_ok_and(|own| own == text);
        let gas = decimal(&head.gas).filter(|gas| *gas <= GAS_MAX);
        let is_sound =
            is_spelt && head.version == VERSION && head.validation <= 4 && head.stages.len() <= STAGES_MAX;
        if !is_sound || head.cid.parse::<Cid>().is_err() {
            return None;
        }
        let mut stages = Vec::new();
        for (at, stage) in head.stages.iter().enumerate() {
            let is_kind = match stage.kind {
                Kind::List => at == 0 && stage.arity.is_none(),
                Kind::Each => at > 0 && stage.arity.is_none(),
                Kind::Reduce => at > 0 && stage.arity.is_some_and(|arity| (2..=ARITY_MAX).contains(&arity)),
            };
            let most = if at == 0 { 256 } else { 1 };
            if !is_kind || !(1..=most).contains(&stage.modules.len()) {
                return None;
            }
            let modules =
                stage.modules.iter().map(|module| module.read(&mut reader)).collect::<Option<_>>()?;
            stages.push(Stage { arity: stage.arity, modules });
        }
        let modules = stages.first()?.modules.len();
        let mut invocations = Vec::new();
        for number in 0..head.invocations {
            invocations.push(Invocation::read(&mut reader, number, modules)?);
        }
        let record = |(id, confirmed): &(String, u32)| Some((digits(id)?, *confirmed));
        let records = head.records.iter().map(record).collect::<Option<_>>()?;
        let mut journal = Vec::new();
        reader.intact()?;
        let mut rest = Reader::new(reader.rest());
        while !rest.is_empty() {
            journal.push(Known::read(&mut rest)?);
        }
        let Head { cid, validation, .. } = head;
        Some(Self { cid, gas: gas?, validation, stages, invocations, records, journal })
    }
}

/// A number in decimal digits, as it is written: no sign, and no zero before it.
fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// 32 bytes in hexadecimal digits, as they are written.
fn digits(text: &str) -> Option<NodeId> {
    from_hex(text).filter(|id| hex(id) == text)
}

impl Module {
    fn head(&self) -> ModuleHead {
        let Self { bytes, pages, seed, time, piece } = self;
        let (bytes, pages, piece) = (bytes.len() as u32, *pages, *piece);
        ModuleHead { bytes, pages, seed: hex_of(seed), time: time.to_string(), piece }
    }
}

impl ModuleHead {
    fn read(&self, reader: &mut Reader<'_>) -> Option<Module> {
        let Self { pages, piece, .. } = *self;
        let is_task = self.bytes as usize <= FILE_BYTES_MAX
            && (1..=PAGES_MAX).contains(&pages)
            && piece as usize <= STREAM_BYTES_MAX;
        if !is_task {
            return None;
        }
        let bytes = Bytes::copy_from_slice(reader.bytes(self.bytes as usize));
        reader.intact()?;
        Some(Module { bytes, pages, seed: digits(&self.seed)?.0, time: decimal(&self.time)?, piece })
    }
}

impl Invocation {
    fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        let module = self.module;
        match &self.input {
            Input::Bytes(bytes) => writer.u8(BYTES).u16(module).u32(bytes.len() as u32).bytes(bytes),
            Input::One(number) => writer.u8(ONE).u16(module).u32(*number),
            Input::List(numbers) => {
                writer.u8(LIST).u16(module).u16(numbers.len() as u16);
                numbers.iter().for_each(|number| _ = writer.u32(*number));
                &mut writer
            }
            Input::Content(cid) => writer.u8(NAME).u16(module).bytes(&cid.to_bytes()),
        };
        writer.finish()
    }

    fn read(reader: &mut Reader<'_>, number: u32, modules: usize) -> Option<Self> {
        let (how, module) = (reader.u8(), reader.u16());
        let input = match how {
            BYTES => {
                let length = reader.u32() as usize;
                Input::Bytes(Bytes::copy_from_slice(reader.bytes(length)))
            }
            ONE => Input::One(reader.u32()),
            LIST => Input::List((0..reader.u16()).map(|_| reader.u32()).collect()),
            NAME => Input::Content(Cid::from_bytes(reader.bytes(36)).ok()?),
            _ => return None,
        };
        let is_one = match &input {
            Input::Bytes(bytes) => bytes.len() <= STREAM_BYTES_MAX,
            Input::Content(_) => true,
            Input::One(other) => *other < number,
            Input::List(others) => {
                (1..=ARITY_MAX as usize).contains(&others.len()) && others.iter().all(|other| *other < number)
            }
        };
        reader.intact()?;
        (is_one && usize::from(module) < modules).then_some(Self { module, input })
    }
}

impl Known {
    fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.outcome.emit(writer.bytes(&self.task.0));
        writer.bytes(&self.executor.unwrap_or(NodeId([0; 32])).0);
        writer.u8(self.is_checked.into()).u8(self.votes).bytes(&self.output);
        writer.finish()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let task = BlockHash(*reader.array());
        let outcome = Outcome::read(reader);
        let executor = Some(*reader.id()).filter(|id| id.0 != [0; 32]);
        let (is_checked, votes) = (reader.u8() & 1 == 1, reader.u8());
        let output = Bytes::copy_from_slice(reader.bytes(outcome.length as usize));
        reader.intact()?;
        let is_it = tabmesh_engine::sha256(&output) == outcome.output;
        is_it.then_some(Self { task, outcome, executor, is_checked, votes, output })
    }
}

/// Seals a file under a fresh key: what is put into the network, and the key.
///
/// # Errors
/// The host has no randomness, or the file is longer than can be sealed: gigabytes.
pub fn seal(mut file: Vec<u8>) -> Result<(Vec<u8>, [u8; 32]), getrandom::Error> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    let sealing = sealing(&key).ok_or(getrandom::Error::UNSUPPORTED)?;
    sealing
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(NONCE), Aad::empty(), &mut file)
        .map_err(|_| getrandom::Error::UNEXPECTED)?;
    Ok((file, key))
}

/// The file that was sealed under this key.
///
/// # Errors
/// Under another one, or it was changed.
pub fn unseal(mut sealed: Vec<u8>, key: &[u8; 32]) -> Result<Vec<u8>, NoCheckpoint> {
    let sealing = sealing(key).ok_or(NoCheckpoint)?;
    let nonce = Nonce::assume_unique_for_key(NONCE);
    let length = sealing.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| NoCheckpoint)?.len();
    sealed.truncate(length);
    Ok(sealed)
}

fn sealing(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}
