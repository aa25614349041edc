//! How operations end and why links close: small stable numbers. Their sentences live in the shells.

/// How an operation ended; IPCNet's codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Status {
    /// It was done.
    Ok = 100,
    /// It was done in part: fewer holders than asked for have the block.
    Partial = 104,
    /// The request makes no sense (too large, out of bounds).
    BadRequest = 200,
    /// Nobody knows who asks.
    Unauthorized = 201,
    /// Who asks may not.
    Forbidden = 202,
    /// Nobody who should hold it has it.
    NotFound = 203,
    /// A bound was reached; ask again later.
    TooManyRequests = 205,
    /// Whoever was asked failed at it.
    InternalError = 300,
    /// Nobody there does such a thing: the port is not open.
    NotImplemented = 301,
    /// Nobody to ask: there is no way to whom it is for, or the link is lost.
    Unavailable = 303,
    /// No answer came in time, on any of the ways tried: it may have happened.
    TimedOut = 304,
    /// Another version is spoken there: a byte for each.
    VersionNotSupported = 305,
    /// The store of this node, or of whoever says so, is full.
    InsufficientStorage = 306,
    /// The stores of all who could hold the block are full.
    NetworkFull = 307,
}

impl Status {
    /// Each of them.
    pub const ALL: [Self; 14] = [
        Self::Ok,
        Self::Partial,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::TooManyRequests,
        Self::InternalError,
        Self::NotImplemented,
        Self::Unavailable,
        Self::TimedOut,
        Self::VersionNotSupported,
        Self::InsufficientStorage,
        Self::NetworkFull,
    ];

    /// The status with this number.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| *status as u16 == code)
    }
}

/// Why a link was closed, or an offer refused. Sent in `Bye`, so both ends know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reason {
    /// The transport ended it; the peer said nothing.
    Lost = 0,
    /// The peer is leaving the network.
    Leaving = 1,
    /// The link is beyond the budget of one end.
    Shed = 2,
    /// A newer link to the same peer took its place.
    Replaced = 3,
    /// Three probes went unanswered.
    Silent = 4,
    /// It did not open, or did not prove itself, in time.
    Timeout = 5,
    /// Bytes that are no message, or a message out of place.
    Malformed = 6,
    /// More than the peer was allowed to send.
    Flood = 7,
    /// The peer's key, proof or signature is not what it claims.
    BadProof = 8,
    /// The peer's id is below the network's security level.
    LowLevel = 9,
    /// The peer belongs to another network.
    OtherNetwork = 10,
    /// The offer was refused: no room for another link.
    NoRoom = 11,
    /// The send queue stayed full: the peer does not read.
    Stuck = 12,
    /// No direct way: this end found no address to offer, or may offer none.
    Unreachable = 13,
    /// The two ends have no version of the protocol in common: one of them is to be renewed.
    OtherVersion = 14,
}

impl Reason {
    /// The reason with this number; numbers of the future read as [`Reason::Lost`].
    #[inline(never)]
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Leaving,
            2 => Self::Shed,
            3 => Self::Replaced,
            4 => Self::Silent,
            5 => Self::Timeout,
            6 => Self::Malformed,
            7 => Self::Flood,
            8 => Self::BadProof,
            9 => Self::LowLevel,
            10 => Self::OtherNetwork,
            11 => Self::NoRoom,
            12 => Self::Stuck,
            13 => Self::Unreachable,
            14 => Self::OtherVersion,
            _ => Self::Lost,
        }
    }

    /// Whether a peer that proved its key broke the protocol: it is kept away for a while.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Malformed | Self::Flood)
    }
}
