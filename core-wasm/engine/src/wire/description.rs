//! How one end of a WebRTC link can be reached, in tens of bytes instead of kilobytes of SDP text.
//!
//! ```text
//! fingerprint   32        SHA-256 of the DTLS certificate
//! ufrag         1 + n     length, then ASCII
//! password      1 + n     length, then ASCII
//! count         1         candidates, at most 8
//! candidate     1 + address + 2
//!     tag       bits 0-1 address: 0 IPv4 (4 bytes), 1 IPv6 (16), 2 mDNS name (the 16 bytes of its UUID)
//!               bits 2-3 type: 0 host, 1 server reflexive, 2 relayed
//!     address   4 or 16
//!     port      2
//! ```
//!
//! Only UDP candidates of component 1 travel. The offerer is DTLS `actpass`, the answerer `active`; data channels
//! use SCTP port 5000 and messages up to 262,144 bytes. The engine carries descriptions unread; the shells rebuild
//! their SDP from them.

use alloc::vec::Vec;

use super::{Fault, Reader, Writer};

/// The most candidates a description names; the shell keeps the ones of highest priority.
pub const CANDIDATES_MAX: usize = 8;

/// The largest description in bytes: the engine refuses more.
pub const DESCRIPTION_MAX: usize = 512;

/// One end's description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description<'a> {
    /// SHA-256 of the DTLS certificate.
    pub fingerprint: [u8; 32],
    /// ICE user name fragment: 4 to 255 characters.
    pub ufrag: &'a str,
    /// ICE password: 22 to 255 characters.
    pub password: &'a str,
    /// At most [`CANDIDATES_MAX`].
    pub candidates: Vec<Candidate>,
}

/// One address at which an end may be reached by UDP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Where.
    pub address: Address,
    /// How the address was found.
    pub kind: CandidateKind,
    /// UDP port.
    pub port: u16,
}

/// A candidate's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address {
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
    /// The UUID of a name `<uuid>.local` that a browser made up to hide its address (mDNS).
    Mdns([u8; 16]),
}

/// How a candidate was found (RFC 8445 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CandidateKind {
    /// An address of the host itself.
    Host = 0,
    /// What a STUN server saw.
    ServerReflexive = 1,
    /// An address on a TURN server.
    Relayed = 2,
}

impl<'a> Description<'a> {
    /// Reads a description; `None` if it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).ok()
    }

    /// Reads a description.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        let fingerprint = *reader.array();
        let ufrag = text(&mut reader, 4)?;
        let password = text(&mut reader, 22)?;
        let count = usize::from(reader.u8());
        if count > CANDIDATES_MAX {
            return Err(Fault::beyond(CANDIDATES_MAX, count));
        }
        let mut candidates = Vec::with_capacity(count);
        for _ in 0..count {
            let tag = reader.u8();
            let kind = match tag >> 2 {
                0 => CandidateKind::Host,
                1 => CandidateKind::ServerReflexive,
                2 => CandidateKind::Relayed,
                _ => return Err(Fault::meaningless("kind of a candidate")),
            };
            let address = match tag & 3 {
                0 => Address::V4(*reader.array()),
                1 => Address::V6(*reader.array()),
                2 => Address::Mdns(*reader.array()),
                _ => return Err(Fault::meaningless("kind of an address")),
            };
            candidates.push(Candidate { address, kind, port: reader.u16() });
        }
        reader.end()?;
        Ok(Self { fingerprint, ufrag, password, candidates })
    }

    /// The description as bytes; candidates beyond [`CANDIDATES_MAX`] are left out.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        let count = self.candidates.len().min(CANDIDATES_MAX);
        writer.bytes(&self.fingerprint);
        writer.u8(self.ufrag.len() as u8).bytes(self.ufrag.as_bytes());
        writer.u8(self.password.len() as u8).bytes(self.password.as_bytes());
        writer.u8(count as u8);
        for candidate in self.candidates.iter().take(count) {
            let kind = (candidate.kind as u8) << 2;
            match &candidate.address {
                Address::V4(address) => writer.u8(kind).bytes(address),
                Address::V6(address) => writer.u8(kind | 1).bytes(address),
                Address::Mdns(uuid) => writer.u8(kind | 2).bytes(uuid),
            };
            writer.u16(candidate.port);
        }
        writer.finish()
    }
}

/// An ICE string: letters, digits, `+` and `/` only (RFC 8839 §5.4), so that it can stand in SDP as it is.
fn text<'a>(reader: &mut Reader<'a>, shortest: usize) -> Result<&'a str, Fault> {
    let length = usize::from(reader.u8());
    let bytes = reader.bytes(length);
    let is_ice = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    reader.whole()?;
    let text = core::str::from_utf8(bytes).ok();
    let is_text = length >= shortest && bytes.iter().all(is_ice);
    text.filter(|_| is_text).ok_or(Fault::meaningless("ICE string"))
}
