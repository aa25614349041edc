//! What members say to each other: a byte that says which, then the fields, numbers big-endian. All of it is told, over the sender's own
//! link.

use alloc::vec::Vec;

use tabmesh_port::{NodeId, PublicKey, Reader, Signature, Status, Writer, sha256};

/// One message between two linked members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message<'a> {
    /// 1. A publication, in full.
    Publication(Publication<'a>),
    /// 2. The sender has these publications.
    Have(&'a [Name]),
    /// 3. The sender lacks these, and wants whatever comes next in full.
    Graft(&'a [Name]),
    /// 4. The sender has each publication from somebody else: from now on it wants to be told of them only.
    Prune,
    /// 5. Members that are linked to the sender.
    Members(&'a [NodeId]),
    /// 6. Something for one member.
    Routed(Routed<'a>),
    /// 7. What became of [`Message::Routed`]: said by whom it was passed to.
    Ended {
        /// Its number.
        request: u64,
        /// How it ended.
        status: Status,
    },
    /// 8. The sender wants to hear [`Message::Members`]: whether there is a member at all.
    Hello,
}

/// Names a publication: its [stream](stream_of) 8, its number 4.
pub(crate) type Name = [u8; 12];

/// What a member told all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Publication<'a> {
    /// Whose.
    pub key: &'a PublicKey,
    /// Which run of that member.
    pub run: u32,
    /// Counts up in the run, from 1.
    pub number: u32,
    /// When, by its clock: milliseconds since 1970.
    pub sent_ms: u64,
    /// The key's, over what [`Attachment::covered`](tabmesh_port::Attachment::covered) makes of [`Publication::signed_bytes`].
    pub signature: &'a Signature,
    /// What.
    pub bytes: &'a [u8],
}

/// What goes from member to member to one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routed<'a> {
    /// It is for `target` alone; else for the member closest to it.
    pub is_exact: bool,
    /// So many more may pass it on.
    pub hops: u8,
    /// Who sent it, by the word of those who passed it on.
    pub origin: &'a NodeId,
    /// Its number, which nobody can guess: whoever is not on the way can neither answer nor forestall it.
    pub request: u64,
    /// A member, or any place.
    pub target: &'a NodeId,
    /// What.
    pub bytes: &'a [u8],
}

/// Names one run of one member: the first 8 bytes of SHA-256(key ‖ run).
pub fn stream_of(key: &PublicKey, run: u32) -> [u8; 8] {
    let mut writer = Writer::with_capacity(68);
    writer.bytes(&key.0).u32(run);
    *sha256(&writer.finish()).first_chunk().unwrap_or(&[0; 8])
}

/// The name of one publication.
pub(crate) fn name_of(stream: &[u8; 8], number: u32) -> Name {
    let mut name = [0; 12];
    let (head, tail) = name.split_at_mut(8);
    head.copy_from_slice(stream);
    tail.copy_from_slice(&number.to_be_bytes());
    name
}

/// Stream and number of a name.
pub(crate) fn parts_of(name: &Name) -> ([u8; 8], u32) {
    let mut reader = Reader::new(name);
    (*reader.array(), reader.u32())
}

impl<'a> Publication<'a> {
    /// The bytes before [`Publication::bytes`], the message's number among them.
    pub const HEAD: usize = 1 + 64 + 4 + 4 + 8 + 64;

    fn read(reader: &mut Reader<'a>) -> Self {
        let (key, run, number) = (reader.key(), reader.u32(), reader.u32());
        Self { key, run, number, sent_ms: reader.u64(), signature: reader.signature(), bytes: reader.rest() }
    }

    /// What is signed: `"publish"`, run, number, time, and the bytes.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.bytes.len() + 23);
        writer.bytes(b"publish").u32(self.run).u32(self.number).u64(self.sent_ms).bytes(self.bytes);
        writer.finish()
    }
}

impl<'a> Routed<'a> {
    /// The bytes before [`Routed::bytes`], the message's number among them.
    pub const HEAD: usize = 1 + 1 + 1 + 32 + 8 + 32;

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let is_exact = match reader.u8() {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (hops, origin, request) = (reader.u8(), reader.id(), reader.u64());
        Some(Self { is_exact, hops, origin, request, target: reader.id(), bytes: reader.rest() })
    }
}

impl<'a> Message<'a> {
    /// Reads it; `None` if it is none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8() {
            1 => Self::Publication(Publication::read(&mut reader)),
            2 => Self::Have(whole(reader.rest())?),
            3 => Self::Graft(whole(reader.rest())?),
            4 => Self::Prune,
            5 => Self::Members(NodeId::list(whole::<32>(reader.rest())?.as_flattened())),
            6 => Self::Routed(Routed::read(&mut reader)?),
            7 => Self::Ended { request: reader.u64(), status: Status::from_code(reader.u16())? },
            8 => Self::Hello,
            _ => return None,
        };
        reader.finish().map(|()| message)
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Publication(it) => {
                writer.u8(1).bytes(&it.key.0).u32(it.run).u32(it.number).u64(it.sent_ms);
                writer.bytes(&it.signature.0).bytes(it.bytes);
            }
            Self::Have(names) => _ = writer.u8(2).bytes(names.as_flattened()),
            Self::Graft(names) => _ = writer.u8(3).bytes(names.as_flattened()),
            Self::Prune => _ = writer.u8(4),
            Self::Members(ids) => _ = writer.u8(5).bytes(NodeId::list_bytes(ids)),
            Self::Routed(it) => {
                writer.u8(6).u8(it.is_exact.into()).u8(it.hops).bytes(&it.origin.0).u64(it.request);
                writer.bytes(&it.target.0).bytes(it.bytes);
            }
            Self::Ended { request, status } => _ = writer.u8(7).u64(*request).u16(*status as u16),
            Self::Hello => _ = writer.u8(8),
        }
        writer.finish()
    }
}

/// A list of whole items.
fn whole<const N: usize>(bytes: &[u8]) -> Option<&[[u8; N]]> {
    let (items, rest) = bytes.as_chunks();
    rest.is_empty().then_some(items)
}
