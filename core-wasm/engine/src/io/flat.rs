//! Outputs as numbers and bytes: the form in which they wait for the shell, and cross a border that knows no types.
//!
//! Whatever wants something done puts it into this form itself, which costs a call. A queue of [`Output`]s would be
//! made, moved, matched and dropped variant by variant.

use alloc::vec::Vec;

use super::kinds::{listening::*, output::*};
use super::{Event, JobId, LinkId, LinkKind, OpId, Output, Profile, Route, Work};
use crate::id::NodeId;
use crate::status::{Reason, Status};

/// One output; [`kinds`](super::kinds) says what the fields are.
#[derive(Default)]
pub struct Flat {
    /// Which output.
    pub kind: u32,
    /// A link, a job or an operation.
    pub number: u32,
    /// What else is a number.
    pub value: u32,
    /// Ids; a key and a signature.
    pub id: Vec<u8>,
    /// What else is bytes.
    pub bytes: Vec<u8>,
}

impl Flat {
    /// The output again; `None` where the fields are none.
    pub fn typed(self) -> Option<Output> {
        let Self { kind, number, value, id, bytes } = self;
        let link = LinkId::new(number as u16);
        let open = |route| Some(Output::Open { link: link?, route });
        let job = |work| Output::Job { job: JobId(number), work };
        let first = NodeId::list(&id).first().copied();
        let ids = || NodeId::list(&id).to_vec();
        Some(match kind {
            SEND => Output::Send { link: link?, bytes },
            OPEN_SOCKET => open(Route::Socket(value as u16))?,
            OPEN_OFFER => open(Route::Offer)?,
            OPEN_ANSWER => open(Route::Answer(bytes))?,
            OPEN_CIRCUIT if bytes.is_empty() => open(Route::Circuit)?,
            OPEN_CIRCUIT => open(Route::CircuitAnswer(*bytes.first_chunk()?))?,
            UNSEAL => Output::Unseal { link: link?, bytes },
            ANSWERED => Output::Answered { link: link?, description: bytes },
            SEAL => Output::Seal {
                link: link?,
                dialled: value != 0,
                key: *id.first_chunk()?,
                transcript: *id.last_chunk()?,
            },
            ACCEPT => Output::Accept(link?),
            REFUSE => Output::Refuse,
            CLOSE => Output::Close(link?),
            SIGNAL_OPEN => Output::SignalOpen,
            SIGNAL => Output::Signal(bytes),
            SIGNAL_CLOSE => Output::SignalClose,
            SIGN => job(Work::Sign(bytes)),
            VERIFY => {
                job(Work::Verify { key: *id.first_chunk()?, signature: *id.get(64..)?.first_chunk()?, bytes })
            }
            LOAD => job(Work::Load(first?)),
            SIGN_MESSAGE => job(Work::SignMessage(bytes)),
            CHECK_MESSAGE => job(Work::CheckMessage(bytes)),
            RECALL => job(Work::Recall(*bytes.first_chunk()?)),
            WANTED => job(Work::Message(OpId(value))),
            STORE => job(Work::Store { hash: first?, bytes, held: value != 0 }),
            ABSENT => job(Work::Absent(ids())),
            SCAN => job(Work::Scan { after: first, count: value as u16 }),
            _ => Output::Event(match kind {
                JOINED => Event::Joined,
                OFFLINE => Event::Offline,
                PEER_UP => Event::PeerUp {
                    link: link?,
                    id: first?,
                    kind: match value & 255 {
                        0 => LinkKind::WebRtc,
                        1 => LinkKind::Socket,
                        _ => LinkKind::Relayed,
                    },
                    profile: Profile::from_code((value >> 8) as u8),
                    address: bytes,
                },
                PEER_DOWN => Event::PeerDown { id: first?, reason: Reason::from_code(value as u8) },
                DIAL_FAILED => Event::DialFailed { id: first, reason: Reason::from_code(value as u8) },
                SIGNAL_REFUSED => Event::SignalRefused(value as u8),
                FOUND => Event::Found { op: OpId(number), ids: ids(), crowded: value != 0 },
                MESSAGE => Event::Message { from: first?, bytes },
                PUBLISHED => Event::Published { from: first?, id: *id.last_chunk()?, bytes },
                DONE => {
                    let status = Status::from_code(value as u16)?;
                    Event::Done { op: OpId(number), status, holders: (value >> 16) as u8 }
                }
                _ => return None,
            }),
        })
    }
}
