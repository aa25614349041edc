//! What a node gives the tasks of others.

use std::thread::available_parallelism;
use std::time::Duration;

use bytesize::ByteSize;

use super::error::SettingsError;
use super::layer::Layer;
use crate::task::{GAS_MAX, STREAM_BYTES_MAX};

fn named(owner: &str) -> Result<[u8; 32], SettingsError> {
    owner_of(owner).ok_or_else(|| value("offer-owner", owner, NO_OWNER))
}

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// The most memory of a task: all that 32 bits reach.
const MEMORY_MAX: u64 = 4 << 30;

/// What a node gives the tasks of others, whatever they ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Tasks at a time: 1 to 255.
    pub cores: u8,
    /// The highest limit of gas of a task: at most 2^62.
    pub gas: u64,
    /// The most memory of a task, in pages of 64 KiB: 1 to 65,536.
    pub pages: u32,
    /// The longest input of a task, in bytes: at most 16 MiB.
    pub input_bytes: u32,
    /// How long a task may take, and a batch of tasks while others wait.
    pub time: Duration,
    /// Bytes of inputs and modules that are fetched in an hour.
    pub bytes_an_hour: u64,
    /// Whose this node is, by the hash of a name: nodes of one owner count as one for whoever has their answers checked.
    pub owner: Option<[u8; 32]>,
}

/// Why a name is none of an owner.
pub(crate) const NO_OWNER: &str = "an owner has a name of 1 to 32 bytes";

/// What stands for an owner of this name, 1 to 32 bytes long.
#[must_use]
pub fn owner_of(name: &str) -> Option<[u8; 32]> {
    (1..=32).contains(&name.len()).then(|| tabmesh_engine::sha256(name.as_bytes()))
}

impl Offer {
    pub(super) fn resolve(layer: &Layer) -> Result<Self, SettingsError> {
        let cores = layer.offer_cores.unwrap_or_else(spare_cores);
        if cores == 0 {
            return Err(value("offer-cores", cores, "is too few; give 1 to 255, or --offer false"));
        }
        let gas = layer.offer_gas.unwrap_or(100_000_000_000);
        if gas > GAS_MAX {
            return Err(value("offer-gas", gas, "is more than a task can have; give at most 2^62"));
        }
        let memory = layer.offer_memory.unwrap_or(ByteSize::mib(256));
        if !(PAGE..=MEMORY_MAX).contains(&memory.as_u64()) {
            return Err(value("offer-memory", memory, "is no memory of a task; give 64KiB to 4GiB"));
        }
        let input = layer.offer_input.unwrap_or(ByteSize::mib(16));
        if input.as_u64() > STREAM_BYTES_MAX as u64 {
            return Err(value("offer-input", input, "is more than a task takes; give at most 16MiB"));
        }
        let seconds = layer.offer_seconds.unwrap_or(300);
        if seconds == 0 {
            return Err(value("offer-seconds", seconds, "is no time to run a task in; give at least 1"));
        }
        Ok(Self {
            cores,
            gas,
            pages: (memory.as_u64() / PAGE) as u32,
            input_bytes: input.as_u64() as u32,
            time: Duration::from_secs(seconds.into()),
            bytes_an_hour: layer.offer_bytes.unwrap_or(ByteSize::gib(16)).as_u64(),
            owner: layer.offer_owner.as_deref().map(named).transpose()?,
        })
    }
}

fn value(name: &'static str, value: impl ToString, problem: &'static str) -> SettingsError {
    SettingsError::Value { name, value: value.to_string(), problem: problem.into() }
}

/// One processor is left to the node and to whoever sits at the host.
fn spare_cores() -> u8 {
    let all = available_parallelism().map_or(1, usize::from);
    u8::try_from(all.saturating_sub(1).max(1)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    //! What is offered has sane defaults and bounds, and what is out of them is told with the way out.

    use super::*;

    fn refusal(layer: Layer) -> String {
        Offer::resolve(&layer).expect_err("must be refused").to_string()
    }

    #[test]
    fn what_is_not_said_is_moderate() {
        let offer = Offer::resolve(&Layer::default()).expect("the defaults are good");
        assert!(offer.cores >= 1);
        assert_eq!((offer.pages, offer.input_bytes), (4_096, 16 << 20));
        assert_eq!(offer.time, Duration::from_secs(300));
        assert_eq!(offer.bytes_an_hour, 16 << 30);
    }

    #[test]
    fn what_no_task_can_have_is_refused() {
        assert!(refusal(Layer { offer_cores: Some(0), ..Layer::default() }).contains("1 to 255"));
        let gas = Some(GAS_MAX + 1);
        assert!(refusal(Layer { offer_gas: gas, ..Layer::default() }).contains("2^62"));
        for bytes in [PAGE - 1, MEMORY_MAX + 1] {
            let memory = Some(ByteSize(bytes));
            assert!(refusal(Layer { offer_memory: memory, ..Layer::default() }).contains("4GiB"));
        }
        let input = Some(ByteSize(STREAM_BYTES_MAX as u64 + 1));
        assert!(refusal(Layer { offer_input: input, ..Layer::default() }).contains("16MiB"));
        assert!(refusal(Layer { offer_seconds: Some(0), ..Layer::default() }).contains("at least 1"));
    }
}
