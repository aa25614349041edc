//! What goes in and what comes out of a [`Node`](crate::Node): types only.

pub(crate) mod field;
mod flat;
mod input;
pub mod kinds;
mod output;
mod table;

use alloc::vec::Vec;
#[cfg(not(target_family = "wasm"))]
use core::num::NonZeroU16 as Number;
#[cfg(target_family = "wasm")]
use core::num::NonZeroU32 as Number;

pub use self::flat::Flat;
pub use self::input::{Command, Input, JobResult};
pub use self::output::{Event, Output, Route, Work};
pub(crate) use self::table::inputs;
use crate::id::PublicKey;

/// A connection, for as long as it lives. Chosen by the engine; never 0, and never used twice within 65,535 links.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
// A word makes the shortest code; natively, where there are most links, state is what counts.
pub struct LinkId(Number);

impl LinkId {
    /// The link with this number; `None` for 0.
    pub const fn new(number: u16) -> Option<Self> {
        match Number::new(number as _) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Its number.
    pub const fn number(self) -> u16 {
        self.0.get() as _
    }

    /// Its number in a word, as which jobs and outputs carry it.
    pub(crate) const fn word(self) -> u32 {
        self.0.get() as _
    }
}

/// A piece of asynchronous work that the shell does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct JobId(pub u32);

/// An operation of the application; the shell chooses the number and gets it back in [`Event::Done`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u32);

/// The application's port: it is open wherever there is a node.
pub(crate) const APPLICATION: u32 = 0;

/// In [`Command::Ask`]: not a module, but the node closest to a place is asked, for the list that it keeps there.
pub const LISTS: u32 = u32::MAX;

/// What a host can afford; sets the link budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Profile {
    /// A tab: 24 links.
    Browser = 0,
    /// An always-on native peer: 256 links, keeps its signalling server to introduce newcomers.
    Native = 1,
    /// A small device: 8 links.
    Device = 2,
}

impl Profile {
    /// The profile with this number; numbers of the future read as [`Profile::Browser`].
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Native,
            2 => Self::Device,
            _ => Self::Browser,
        }
    }
}

/// Who a node is and how it behaves; fixed for its life.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's key; its private half stays with the shell.
    pub key: PublicKey,
    /// From the shell's cryptographic source, and told to nobody: what this node's numbers on the wire are made from.
    pub seed: [u8; 32],
    /// Names the network: the first 8 bytes of SHA-256 of its name.
    pub network: [u8; 8],
    /// Ids below this security level are refused: leading zero bits of SHA-256(id).
    pub level: u8,
    /// What the host can afford.
    pub profile: Profile,
    /// Where newcomers may open a WebSocket to this node (`wss://…`); empty where nowhere. At most
    /// [`ADDRESS_MAX`](crate::limits::ADDRESS_MAX) bytes.
    pub address: Vec<u8>,
    /// How many WebSocket addresses of peers the shell knows; it keeps them and dials them by number, from 0.
    pub addresses: u16,
    /// Whether the shell knows a signalling server.
    pub signalling: bool,
    /// Whether this node carries sealed packets between peers that cannot connect directly.
    pub relay: bool,
}

/// What kind of connection a link is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LinkKind {
    /// A WebRTC data channel.
    WebRtc = 0,
    /// A WebSocket. From [`Output::Seal`] on each message is sealed by AES-256-GCM under keys that HKDF-SHA-256 derives from
    /// the secret of the two fresh P-256 keys, no salt, info `"tabmesh socket v2" ‖ transcript`: 32 bytes for what the end
    /// that dialled sends, then 32 for the other. The nonce counts messages: 4 zero bytes, 8 of count, from 0.
    Socket = 1,
    /// A circuit through a peer that is linked to both ends. It carries what it cannot read: AES-256-GCM under keys that
    /// HKDF-SHA-256 derives from the P-256 secret, no salt, info `"tabmesh circuit v1" ‖ offerer's key ‖ answerer's key`:
    /// 32 bytes for what the offerer sends, then 32 for the answerer. The nonce counts frames: 4 zero bytes, 8 of count.
    Relayed = 2,
}

impl LinkKind {
    /// The kind with this number; numbers of the future read as [`LinkKind::Relayed`].
    pub fn from_code(code: u8) -> Self {
        match code {
            0 => Self::WebRtc,
            1 => Self::Socket,
            _ => Self::Relayed,
        }
    }
}
