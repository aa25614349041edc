//! Descriptions ⇄ SDP text: the only place that knows SDP.
//!
//! Both shells fix everything that a description does not say: one data channel section, UDP, DTLS `actpass` from
//! the offerer and `active` from the answerer, SCTP port 5000, messages up to 262,144 bytes.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tabmesh_engine::wire::description::{Address, CANDIDATES_MAX, Candidate, CandidateKind, Description};

/// The largest message either end takes.
pub const MESSAGE_MAX: u32 = 262_144;

/// Places kept free for the best candidates that are not the host's own, so that a host with many interfaces can
/// still be reached from outside.
const RESERVED: usize = 2;

/// Which end wrote the description.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The one that began.
    Offer,
    /// The one that answers.
    Answer,
}

/// The SDP that `description` stands for, as its writer would have sent it.
pub fn write(description: &Description<'_>, role: Role) -> String {
    let mut sdp = String::with_capacity(1024);
    let setup = match role {
        Role::Offer => "actpass",
        Role::Answer => "active",
    };
    sdp.push_str("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n");
    sdp.push_str(
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n",
    );
    let _ = write!(sdp, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", description.ufrag, description.password);
    sdp.push_str("a=fingerprint:sha-256 ");
    for (place, byte) in description.fingerprint.iter().enumerate() {
        let colon = if place == 0 { "" } else { ":" };
        let _ = write!(sdp, "{colon}{byte:02X}");
    }
    let _ = write!(sdp, "\r\na=setup:{setup}\r\na=sctp-port:5000\r\na=max-message-size:{MESSAGE_MAX}\r\n");
    for (place, candidate) in description.candidates.iter().enumerate() {
        write_candidate(&mut sdp, place, candidate);
    }
    sdp.push_str("a=end-of-candidates\r\n");
    sdp
}

/// Reads what a description holds out of SDP text. `None` if the text has no SHA-256 fingerprint, ICE user name
/// fragment or password. Candidates that cannot travel (TCP, other components, host names) are left out.
pub fn read(sdp: &str) -> Option<Description<'_>> {
    let mut fingerprint = None;
    let mut ufrag = None;
    let mut password = None;
    let mut candidates = Vec::new();
    for line in sdp.lines() {
        if let Some(text) = line.strip_prefix("a=fingerprint:") {
            fingerprint = fingerprint.or_else(|| read_fingerprint(text));
        } else if let Some(text) = line.strip_prefix("a=ice-ufrag:") {
            ufrag = ufrag.or(Some(text.trim()));
        } else if let Some(text) = line.strip_prefix("a=ice-pwd:") {
            password = password.or(Some(text.trim()));
        } else if let Some(text) = line.strip_prefix("a=candidate:") {
            candidates.extend(read_candidate(text));
        }
    }
    Some(Description {
        fingerprint: fingerprint?,
        ufrag: ufrag?,
        password: password?,
        candidates: chosen(candidates),
    })
}

fn write_candidate(sdp: &mut String, place: usize, candidate: &Candidate) {
    // RFC 8445 §5.1.2: type, then the order that the writer chose, then the component.
    let (kind, preference, related) = match candidate.kind {
        CandidateKind::Host => ("host", 126, ""),
        CandidateKind::ServerReflexive => ("srflx", 100, " raddr 0.0.0.0 rport 0"),
        CandidateKind::Relayed => ("relay", 0, " raddr 0.0.0.0 rport 0"),
    };
    let priority = (preference << 24) | ((65_535 - place as u32) << 8) | 255;
    let _ = write!(sdp, "a=candidate:{} 1 udp {priority} ", place + 1);
    let _ = match candidate.address {
        Address::V4(bytes) => write!(sdp, "{}", Ipv4Addr::from(bytes)),
        Address::V6(bytes) => write!(sdp, "{}", Ipv6Addr::from(bytes)),
        Address::Mdns(uuid) => write_mdns(sdp, &uuid),
    };
    let _ = write!(sdp, " {} typ {kind}{related}\r\n", candidate.port);
}

/// `8-4-4-4-12` hexadecimal digits and `.local`.
fn write_mdns(sdp: &mut String, uuid: &[u8; 16]) -> std::fmt::Result {
    for (place, byte) in uuid.iter().enumerate() {
        let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
        write!(sdp, "{dash}{byte:02x}")?;
    }
    sdp.write_str(".local")
}

/// `foundation component transport priority address port typ kind …` with its priority.
fn read_candidate(text: &str) -> Option<(u32, Candidate)> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let component = words.next()?;
    let transport = words.next()?;
    let priority = words.next()?.parse().ok()?;
    let address = read_address(words.next()?)?;
    let port = words.next()?.parse().ok()?;
    let kind = match (words.next()?, words.next()?) {
        ("typ", "host") => CandidateKind::Host,
        ("typ", "srflx") => CandidateKind::ServerReflexive,
        ("typ", "relay") => CandidateKind::Relayed,
        _ => return None,
    };
    let can_travel = component == "1" && transport.eq_ignore_ascii_case("udp") && port != 0;
    can_travel.then_some((priority, Candidate { address, kind, port }))
}

fn read_address(text: &str) -> Option<Address> {
    if let Some(name) = text.strip_suffix(".local") {
        return read_uuid(name).map(Address::Mdns);
    }
    match text.parse().ok()? {
        // Where IPv6 has no route, webrtc names the wildcard that it is bound to.
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => None,
        IpAddr::V4(address) => Some(Address::V4(address.octets())),
        IpAddr::V6(address) => Some(Address::V6(address.octets())),
    }
}

fn read_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    if text.len() != 36 || digits.len() != 32 {
        return None;
    }
    read_hex(&digits)
}

/// `sha-256 AB:CD:…`; other hashes are not ours.
fn read_fingerprint(text: &str) -> Option<[u8; 32]> {
    let (hash, bytes) = text.trim().split_once(' ')?;
    let digits: Vec<u8> = bytes.bytes().filter(|byte| *byte != b':').collect();
    hash.eq_ignore_ascii_case("sha-256").then(|| read_hex(&digits))?
}

fn read_hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16);
        *byte = (value(pair[0])? << 4 | value(pair[1])?) as u8;
    }
    Some(bytes)
}

/// The candidates of highest priority, each address once, a few places kept for those seen from outside.
fn chosen(mut candidates: Vec<(u32, Candidate)>) -> Vec<Candidate> {
    candidates.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    let mut ranked: Vec<Candidate> = Vec::new();
    for (_, candidate) in candidates {
        if !ranked.contains(&candidate) {
            ranked.push(candidate);
        }
    }
    let outside = ranked.iter().filter(|candidate| candidate.kind != CandidateKind::Host).count();
    let mut room = CANDIDATES_MAX - outside.min(RESERVED);
    ranked.retain(|candidate| {
        let stays = candidate.kind != CandidateKind::Host || room > 0;
        if candidate.kind == CandidateKind::Host {
            room = room.saturating_sub(1);
        }
        stays
    });
    ranked.truncate(CANDIDATES_MAX);
    ranked
}

#[cfg(test)]
mod tests;
