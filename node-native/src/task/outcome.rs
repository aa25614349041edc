//! How a task ended, what of it is a result, and what it costs.

use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::{BlockHash, sha256};
use tabmesh_meter::{GAS_ABORTED, Refusal};

use super::room;
pub use super::stop::Failure;
use super::stop::Stop;

/// The number of an end, as receipts name it. The numbers are part of the interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Status {
    /// The calls returned and the output is good.
    Ok = 0,
    /// `proc_exit` with another code than 0.
    Exit = 1,
    /// A trap of the module's own.
    Trap = 2,
    /// The gas did not suffice.
    OutOfGas = 3,
    /// The stack did not suffice, as the profile counts it.
    Stack = 4,
    /// The module does not keep to the interface.
    BadAbi = 5,
    /// The host failed.
    Abort = 6,
    /// The profile, the engine or the interface does not accept the module.
    Refused = 7,
    /// The host's watchdog ended the run.
    Late = 8,
}

impl Status {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Exit,
        Self::Trap,
        Self::OutOfGas,
        Self::Stack,
        Self::BadAbi,
        Self::Abort,
        Self::Refused,
        Self::Late,
    ];

    /// The stable number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The name in capital letters, as the interface writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Exit => "EXIT",
            Self::Trap => "TRAP",
            Self::OutOfGas => "OUT_OF_GAS",
            Self::Stack => "STACK",
            Self::BadAbi => "BAD_ABI",
            Self::Abort => "ABORT",
            Self::Refused => "REFUSED",
            Self::Late => "LATE",
        }
    }

    /// Whether every honest host comes to the same: only then may there be a receipt.
    #[must_use]
    pub fn is_result(self) -> bool {
        !matches!(self, Self::Abort | Self::Refused | Self::Late)
    }
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Well.
    Ok,
    /// With this code, not 0.
    Exit(u32),
    /// See [`Status::Trap`].
    Trap,
    /// See [`Status::OutOfGas`].
    OutOfGas,
    /// See [`Status::Stack`].
    Stack,
    /// See [`Status::BadAbi`].
    BadAbi,
    /// See [`Status::Abort`].
    Abort(Failure),
    /// With the refusal; the engine's is [`INVALID`].
    Refused(Refusal),
    /// See [`Status::Late`].
    Late,
}

/// The refusal of a module that the profile accepted and the engine found invalid.
pub const INVALID: Refusal = Refusal { code: 65_535, offset: 0, found: 0 };

impl End {
    /// Its number.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Ok => Status::Ok,
            Self::Exit(_) => Status::Exit,
            Self::Trap => Status::Trap,
            Self::OutOfGas => Status::OutOfGas,
            Self::Stack => Status::Stack,
            Self::BadAbi => Status::BadAbi,
            Self::Abort(_) => Status::Abort,
            Self::Refused(_) => Status::Refused,
            Self::Late => Status::Late,
        }
    }

    /// The exit code or the refusal's code, 0 for others.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::Exit(code) => *code,
            Self::Refused(refusal) => u32::from(refusal.code),
            _ => 0,
        }
    }

    /// The byte of the module that was refused, 0 for others.
    #[must_use]
    pub fn offset(&self) -> u32 {
        if let Self::Refused(refusal) = self { refusal.offset } else { 0 }
    }

    /// One sentence: what happened, and the way out.
    #[must_use]
    pub fn sentence(&self) -> String {
        let fixed = match self {
            Self::Ok => "the task is done",
            Self::Exit(code) => {
                return format!("the module ended itself with code {code}; its log may say why");
            }
            Self::Trap => {
                "the module trapped: it reached an unreachable place, divided by zero or left its memory or table; look into its code"
            }
            Self::OutOfGas => "the gas did not suffice; give more gas, or a smaller input",
            Self::Stack => {
                "the module's calls go deeper than the task's stack, of which 256 KiB hold 5,461 calls of the smallest functions, some 2,000 of usual and some hundreds of large ones; give the task more (--stack, at most 8192 KiB), turn its recursion into a loop, or split what calls itself into smaller functions"
            }
            Self::BadAbi => {
                "an export is missing or has another type, or the module gave an answer that the interface does not know, such as a place outside its memory; see `tabmesh task check`"
            }
            Self::Abort(Failure::Memory) => return no_memory(room::limit()),
            Self::Abort(Failure::Stack) => {
                "the engine's own stack came to its end before the task's; give the task less stack or run it in the other engine, and if its stack is the usual one report the module"
            }
            Self::Abort(Failure::Engine) => {
                "the engine failed, which is not the module's fault; run it in the other engine, and report the module"
            }
            Self::Abort(Failure::Compiler) => {
                "the module takes more than 2 minutes or 4 GiB to compile here; split its largest functions, or use the interpreter"
            }
            Self::Abort(Failure::Thread) => {
                "this host has no thread left to run a task on; end other programs, or try later"
            }
            Self::Refused(INVALID) => "the module is refused: it is no valid WebAssembly; build it anew",
            Self::Refused(refusal) => return format!("the module is refused: {refusal}"),
            Self::Late => {
                "the host's patience came to an end before the run did; give more time, or less gas"
            }
        };
        fixed.to_owned()
    }
}

fn no_memory(limit: Option<u64>) -> String {
    let limit = limit.map_or_else(String::new, |bytes| {
        format!(", whose address space is limited to {} KiB (ulimit -v)", bytes >> 10)
    });
    format!("this host has not got the memory{limit}; ask for fewer pages, or run it elsewhere")
}

/// What is left of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// The gas that is billed: what was used after a good end or an exit, the limit after other results, else none.
    pub gas_used: u64,
    /// Empty but after a good end or an exit; at most 16 MiB.
    pub output: Vec<u8>,
    /// What the module told its user: no part of the result; at most 64 KiB.
    pub log: Vec<u8>,
    /// The steps that were begun, 0 for a task that is not run by steps. No part of the result.
    pub steps: u64,
    /// How often a command asked for the time. No part of the result.
    pub clock_reads: u64,
}

/// A command that asked for the time so often, and spent its gas, waited for it to pass.
const CLOCK_READS_MANY: u64 = 1_000;

impl Outcome {
    /// What happened when nothing ran.
    pub(super) fn without_run(end: End, gas: u64) -> Self {
        let gas_used = bill(end, gas, 0);
        Self { end, gas_used, output: Vec::new(), log: Vec::new(), steps: 0, clock_reads: 0 }
    }

    /// Its number.
    #[must_use]
    pub fn status(&self) -> Status {
        self.end.status()
    }

    /// One sentence: what happened, and the way out.
    #[must_use]
    pub fn sentence(&self) -> String {
        let sentence = self.end.sentence();
        if self.end != End::OutOfGas || self.clock_reads < CLOCK_READS_MANY {
            return sentence;
        }
        let reads = self.clock_reads;
        format!(
            "{sentence}; it asked for the time {reads} times: a task's clock stands still, so do not wait for it"
        )
    }

    /// The output's name.
    #[must_use]
    pub fn output_id(&self) -> Cid {
        id_of(&self.output)
    }
}

/// The name of bytes, such as an output or a state: a CID of version 1, raw, SHA-256.
#[must_use]
pub fn id_of(bytes: &[u8]) -> Cid {
    Cid { codec: Codec::Raw, hash: BlockHash(sha256(bytes)) }
}

/// Judges a run by what stopped it, if anything did, and by the gas and the stack that were left: the first that fits.
pub(super) fn judge(stop: Option<Stop>, gas_left: i64, stack_left: i32) -> End {
    match stop {
        Some(Stop::Abort(failure)) => End::Abort(failure),
        _ if gas_left == GAS_ABORTED => End::Abort(Failure::Memory),
        Some(Stop::Late) => End::Late,
        _ if gas_left < 0 => End::OutOfGas,
        None | Some(Stop::Exit(0)) => End::Ok,
        Some(Stop::Exit(code)) => End::Exit(code),
        Some(Stop::BadAbi) => End::BadAbi,
        Some(Stop::Trap) if stack_left < 0 => End::Stack,
        // The host stops a run for gas only when there is none left.
        Some(Stop::Trap | Stop::Gas) => End::Trap,
    }
}

/// The gas that is billed.
pub(super) fn bill(end: End, limit: u64, gas_left: i64) -> u64 {
    match end.status() {
        Status::Ok | Status::Exit => limit.saturating_sub(gas_left.unsigned_abs()),
        status if status.is_result() => limit,
        _ => 0,
    }
}
