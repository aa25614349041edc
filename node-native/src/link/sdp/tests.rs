//! SDP: what is written is read back; what browsers and webrtc write is understood; nonsense is nothing.

use proptest::prelude::*;

use super::*;

/// What Chromium writes for one data channel, shortened to what differs from ours.
const CHROMIUM: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=application 44323 UDP/DTLS/SCTP webrtc-datachannel\r\n\
    c=IN IP4 192.0.2.7\r\n\
    a=candidate:1 1 udp 2113937151 6f1e6a35-8a6f-4d2e-9a35-02a1c0d9e7b4.local 44323 typ host generation 0\r\n\
    a=candidate:2 1 udp 1677729535 192.0.2.7 61234 typ srflx raddr 0.0.0.0 rport 0 generation 0\r\n\
    a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active\r\n\
    a=ice-ufrag:Y/gC\r\na=ice-pwd:HKDmGgI8Q8pbVLbxJcaQkYsG\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";

#[test]
fn a_browsers_offer_is_read() {
    let description = read(CHROMIUM).expect("a description");
    assert_eq!(description.ufrag, "Y/gC");
    assert_eq!(description.password, "HKDmGgI8Q8pbVLbxJcaQkYsG");
    assert_eq!(description.fingerprint, std::array::from_fn(|place| place as u8));
    assert_eq!(description.candidates.len(), 2, "TCP does not travel");
    assert!(matches!(description.candidates[0].address, Address::Mdns(uuid) if uuid[..2] == [0x6f, 0x1e]));
    assert_eq!(description.candidates[1].address, Address::V4([192, 0, 2, 7]));
    assert_eq!(description.candidates[1].kind, CandidateKind::ServerReflexive);
    assert!(description.emit().len() <= 250, "two candidates fit into 250 bytes");
}

#[test]
fn the_mdns_name_is_written_as_the_browser_wrote_it() {
    let sdp = write(&read(CHROMIUM).expect("a description"), Role::Offer);
    assert!(sdp.contains("6f1e6a35-8a6f-4d2e-9a35-02a1c0d9e7b4.local 44323 typ host"), "{sdp}");
    assert!(sdp.contains("a=setup:actpass"), "{sdp}");
}

#[test]
fn webrtc_reads_what_is_written() {
    use ::webrtc::peer_connection::RTCSessionDescription;
    let description = read(CHROMIUM).expect("a description");
    assert!(RTCSessionDescription::offer(write(&description, Role::Offer)).is_ok());
    assert!(RTCSessionDescription::answer(write(&description, Role::Answer)).is_ok());
}

#[test]
fn many_interfaces_leave_room_for_what_is_seen_from_outside() {
    let mut sdp = CHROMIUM.to_owned();
    for host in 0..20 {
        sdp += &format!("a=candidate:9 1 udp {} 10.0.0.{host} 1000 typ host\r\n", 2_122_000_000 + host);
    }
    sdp += "a=candidate:9 1 udp 1000 198.51.100.1 3478 typ relay raddr 0.0.0.0 rport 0\r\n";
    let candidates = read(&sdp).expect("a description").candidates;
    let kinds = |kind| candidates.iter().filter(|candidate| candidate.kind == kind).count();
    assert_eq!(candidates.len(), CANDIDATES_MAX);
    assert_eq!(kinds(CandidateKind::ServerReflexive), 1);
    assert_eq!(kinds(CandidateKind::Relayed), 1);
    assert_eq!(candidates[0].address, Address::V4([10, 0, 0, 19]), "highest priority first");
}

#[test]
fn a_wildcard_is_no_address() {
    for wildcard in ["::", "0.0.0.0"] {
        let sdp = CHROMIUM.replace("192.0.2.7 61234", &format!("{wildcard} 61234"));
        assert_eq!(read(&sdp).expect("a description").candidates.len(), 1, "{wildcard}");
    }
}

#[test]
fn text_without_the_needed_lines_is_no_description() {
    for missing in ["a=ice-ufrag", "a=ice-pwd", "a=fingerprint"] {
        let sdp: String =
            CHROMIUM.split_inclusive("\r\n").filter(|line| !line.starts_with(missing)).collect();
        assert!(read(&sdp).is_none(), "{missing}");
    }
    assert!(read(&CHROMIUM.replace("sha-256", "sha-1")).is_none());
}

prop_compose! {
    fn candidate()(v6 in any::<[u8; 16]>(), tag in 0..3, kind in 0..3, port in 1..=u16::MAX) -> Candidate {
        let address = match tag {
            0 => Address::V4([v6[0], v6[1], v6[2], v6[3]]),
            1 => Address::V6(v6),
            _ => Address::Mdns(v6),
        };
        let kinds = [CandidateKind::Host, CandidateKind::ServerReflexive, CandidateKind::Relayed];
        Candidate { address, kind: kinds[kind as usize], port }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        fingerprint in any::<[u8; 32]>(),
        ufrag in "[a-zA-Z0-9+/]{4,64}",
        password in "[a-zA-Z0-9+/]{22,64}",
        mut candidates in proptest::collection::vec(candidate(), 0..=CANDIDATES_MAX - RESERVED),
    ) {
        // A writer puts the better kinds first; and names no address twice.
        candidates.sort_by_key(|candidate| candidate.kind as u8);
        candidates.dedup();
        let description = Description { fingerprint, ufrag: &ufrag, password: &password, candidates };
        for role in [Role::Offer, Role::Answer] {
            let sdp = write(&description, role);
            let back = read(&sdp);
            prop_assert_eq!(back.as_ref(), Some(&description));
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*", line in "a=(candidate|fingerprint|ice-ufrag):[ -~]*") {
        let _ = read(&text);
        let _ = read(&format!("{CHROMIUM}{line}\r\n"));
    }
}
