//! Numbers on the wire (X6): whoever has seen all of them foretells none.
//!
//! Goal: nothing seen on the wire tells what comes later. Method: what one host says, searched for what a guesser computes from it.

use tabmesh_engine::wire::frame::Frame;
use tabmesh_engine::*;

use crate::host::{Host, Key, NET};

fn unmix(mut z: u64) -> u64 {
    // SplitMix64's output function backwards
    z ^= (z >> 31) ^ (z >> 62);
    z = z.wrapping_mul(0x3196_42b2_d24d_8ec3);
    z ^= (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(0x96de_1b17_3f11_9089);
    z ^ (z >> 30) ^ (z >> 60)
}

/// Every number of 8 bytes that was seen is taken for the state of the small generator; none of what comes later is foretold.
#[test]
fn x6_nothing_seen_on_the_wire_tells_what_comes_later() {
    let mut v = Host::new(1, Profile::Native);
    let mallory = Key::new(3);
    let link = v.guest(&mallory);
    let seen = v.frames(link).concat();
    let mut foretold = Vec::new();
    for window in seen.windows(8) {
        let mut rng = Rng::new(unmix(u64::from_be_bytes(window.try_into().unwrap())));
        foretold.extend((0..200).map(|_| rng.next()));
    }
    foretold.sort_unstable();
    v.sent.clear();
    v.alive(30_000, &[link]);
    for round in 0..20 {
        let other = v.knock();
        v.hear(link, &[Frame::Gossip { ties: 0x80, joined: &[round + 1; 32], left: &[] }]);
        v.at(400);
        let later = [v.frames(link), v.frames(other)].concat().concat();
        v.sent.clear();
        for window in later.windows(8) {
            let number = u64::from_be_bytes(window.try_into().unwrap());
            assert!(foretold.binary_search(&number).is_err(), "{number:016x} was foretold");
        }
        for window in later.windows(4) {
            let number = u32::from_be_bytes(window.try_into().unwrap());
            let low = |known: &u64| *known as u32 == number || *known as u32 | 1 == number;
            // A few words of four bytes meet by chance: 80,000 guesses of 4,294,967,296.
            assert!(number < 0x0100_0000 || foretold.iter().filter(|known| low(known)).count() < 3);
        }
    }
}

#[test]
fn x6_two_nodes_that_differ_in_one_bit_of_their_seed_say_nothing_alike() {
    let nonce = |bit: u8| {
        let mut seed = [7; 32];
        seed[31] ^= bit;
        let config = Config {
            key: PublicKey([9; 64]),
            seed,
            network: NET,
            level: 0,
            profile: Profile::Native,
            address: Vec::new(),
            addresses: 0,
            signalling: false,
            relay: false,
        };
        let mut node = Node::new(config);
        node.handle_input(Instant(1), Input::Incoming);
        let mut link = None;
        while let output @ (Output::Accept(_) | Output::Event(_)) = node.poll_output() {
            if let Output::Accept(accepted) = output {
                link = Some(accepted);
            }
        }
        node.handle_input(Instant(2), Input::Described { link: link.unwrap(), description: &[4; 64] });
        loop {
            match node.poll_output() {
                Output::Send { bytes, .. } => match Frame::parse(&bytes[2..]) {
                    Some(Frame::Hello(hello)) => return *hello.nonce,
                    other => panic!("{other:?}"),
                },
                Output::Timeout(_) => panic!("no hello"),
                _ => {}
            }
        }
    };
    let (one, other) = (nonce(0), nonce(1));
    assert!(one.iter().zip(&other).filter(|(one, other)| one == other).count() < 8);
    assert_eq!(one, nonce(0), "the same seed says the same");
}
