//! Goal: a light node in its `.wasm` says what the native one does. Method: both are shown the same steps, true and forged.

#[path = "../../examples/counter/tests/loaded/mod.rs"]
mod loaded;

mod signed;

use loaded::Built;
use signed::Chain;
use tabmesh_ledger::limits::TERM_HEIGHTS;
use tabmesh_ledger::{Light, LightCommand, LightEvent};
use tabmesh_port::{
    Attachment, Done, Input, Instant, Module, NodeId, Output, Port, Room, Status, Told, Wish, Work,
};
use tabmesh_world::crypto::{Crypto, StandIn};

/// Answers each question with the next of these, and verifies: all that came out.
fn run(light: &mut dyn Module, chain: &Chain, mut answers: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let begin = LightCommand::Begin(&chain.genesis.emit()).emit();
    let start = LightCommand::Start { insists: false, belief: &[] }.emit();
    let clock = Told::Clock { wall_ms: chain.genesis.starts_ms + 8_000_000, is_doubtful: false };
    let mut inputs: Vec<Vec<u8>> = [Input::Command(&begin), Input::Command(&start), Input::Told(clock)]
        .map(|input| input.emit())
        .to_vec();
    for second in 0..60 {
        for input in std::mem::take(&mut inputs) {
            light.handle(Instant(second * 1_000_000), Input::read(&input).expect("an input"));
        }
        while let Some(flat) = light.poll(Room::ALL) {
            match Output::read(&flat).expect("an output") {
                Output::Wish(Wish::Ask { op, to, .. }) => {
                    let bytes = answers.pop().unwrap_or_default();
                    let status = if bytes.is_empty() { Status::NotFound } else { Status::Ok };
                    let (from, is_proven, is_here, bytes) = (to, true, false, &bytes[..]);
                    let told = Told::Answered { op, from, is_proven, is_here, status, bytes };
                    inputs.push(Input::Told(told).emit());
                }
                Output::Work(Work::Verify { job, key, signature, bytes }) => {
                    let holds = StandIn::verify(key, signature, bytes);
                    inputs.push(Input::Done(Done::Verified { job, holds }).emit());
                }
                _ => {}
            }
            all.push(flat);
        }
        inputs.push(Input::Time.emit());
    }
    all
}

#[test]
fn s10_a_light_node_is_the_same_in_wasm() {
    let mut chain = Chain::new(4, 2);
    let mut answers = vec![vec![7; 90]];
    chain.run_to(TERM_HEIGHTS + 1);
    let mut forged = chain.shown();
    forged[70] ^= 1;
    answers.extend([forged, chain.shown(), Vec::new()]);
    chain.step();
    let key = tabmesh_ledger::Key::account(&NodeId::of_key(&signed::key(5)));
    answers.push([chain.bare(), chain.ledger.state().prove(&key).emit()].concat());
    answers.reverse();
    let (key, network, port) = (signed::key(5), chain.genesis.network, Port::LEDGER);
    let attachment = Attachment { key, network, port, seed: [0; 32] };
    let native = run(&mut Light::new(attachment), &chain, answers.clone());
    let built = Built::with("tabmesh-ledger-wasm", "light");
    assert_eq!(run(&mut built.start(&attachment), &chain, answers), native);
    let event = |flat: &Vec<u8>| match Output::read(flat).expect("an output") {
        Output::Event(bytes) => Some(LightEvent::read(bytes).expect("an event").emit()[0]),
        _ => None,
    };
    let kinds: Vec<u8> = native.iter().filter_map(event).collect();
    assert_eq!(kinds, [4, 8, 8, 2, 1, 4, 2, 4, 3], "doubts, two heads, and the account");
}
