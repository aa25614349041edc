//! WebSocket frames by hand, for peers that a library would not be: silent, broken, or flooding.

use std::net::SocketAddr;

use tabmesh_engine::wire::signal::Refusal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::http::{Answer, UPGRADE, to_end};
use super::{Heard, Identity, NOBODY, PATIENCE};

/// Opens a WebSocket that nobody answers pings on; what was read beyond the answer's head comes with it.
pub async fn open(address: SocketAddr, headers: &[(&str, &str)]) -> (TcpStream, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut text = format!("GET /signal HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in UPGRADE.iter().chain(headers) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|part| part == b"\r\n\r\n") {
        assert_ne!(read(&mut stream, &mut bytes).await, 0, "closed within the head");
    }
    let answer = Answer::parse(&bytes);
    assert_eq!(answer.status, 101, "{}", answer.head);
    (stream, answer.body)
}

/// Opens a WebSocket by hand and proves a new key.
pub async fn join(address: SocketAddr, network: [u8; 8]) -> (TcpStream, Identity) {
    let (mut stream, mut bytes) = open(address, &[]).await;
    while frames(&bytes).is_empty() {
        assert_ne!(read(&mut stream, &mut bytes).await, 0, "closed before the challenge");
    }
    let Heard::Challenge { nonce, .. } = Heard::parse(&frames(&bytes)[0].1) else { panic!("no challenge") };
    let identity = Identity::new();
    stream.write_all(&frame(0x82, &identity.prove(&nonce, network, 0))).await.unwrap();
    bytes.clear();
    while frames(&bytes).is_empty() {
        assert_ne!(read(&mut stream, &mut bytes).await, 0, "closed before the welcome");
    }
    assert!(matches!(Heard::parse(&frames(&bytes)[0].1), Heard::Welcome(_)));
    (stream, identity)
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> usize {
    timeout(PATIENCE, stream.read_buf(bytes)).await.expect("the server says something").unwrap()
}

/// One masked frame; `first` holds the FIN bit and the opcode. The mask is all zero: the payload stays readable.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// The whole frames at the start of what a server sent: opcode and payload of each.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match (*second, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            (127, _) => panic!("no server message is that long"),
            (length, rest) => (usize::from(length), rest),
        };
        let Some((payload, rest)) = rest.split_at_checked(length) else { break };
        found.push((first & 0x0f, payload.to_vec()));
        bytes = rest;
    }
    found
}

/// The next message that is no answer to a ping.
pub async fn until_message(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        if let Some((_, message)) = frames(&bytes).into_iter().find(|(opcode, _)| *opcode == 2) {
            return message;
        }
        assert_ne!(read(stream, &mut bytes).await, 0, "closed without a message");
    }
}

/// What the server said last, before it closed: its refusal, and the code of its close frame.
pub async fn last_words(stream: &mut TcpStream) -> (Refusal, u16) {
    let frames = frames(&to_end(stream).await);
    let [.., (2, message), (8, close)] = &frames[..] else { panic!("no refusal and close in {frames:?}") };
    let Heard::Refused(refusal, NOBODY) = Heard::parse(message) else { panic!("no refusal in {message:?}") };
    assert!(close.len() > 2, "a close frame has a sentence");
    (refusal, u16::from_be_bytes([close[0], close[1]]))
}
