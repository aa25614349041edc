//! Goal: where a stream is cut makes no difference to what a good guest gives, and whoever has a state goes on from it.
//! Method: the guest `pack` of the guide, over random inputs cut at random places, in all engines of this build.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use tabmesh_native::task::{EngineKind, Executor, Flag, HostLimits, State, Status, Task};

static EXECUTORS: LazyLock<Vec<Executor>> = LazyLock::new(|| {
    let engines = [EngineKind::Wasmtime, EngineKind::Interpreter].into_iter().flat_map(EngineKind::build);
    engines.map(|engine| Executor::new(engine, HostLimits::default())).collect()
});

/// A task of the guest.
fn pack(input: &[u8]) -> Task {
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../task-meter/guests/built/pack.wasm");
    let task = Task::new(std::fs::read(guest).expect("the guest is there"));
    task.with_input(input.to_vec()).expect("short")
}

/// Runs one step after another over these pieces and the end, as somebody does who keeps every state.
fn step_by_step(executor: &Executor, pieces: &[&[u8]]) -> (Vec<u8>, u64) {
    let (mut state, mut output, mut gas) = (State::default(), Vec::new(), 0);
    for piece in pieces.iter().copied().chain([&[][..]]) {
        let step = executor.step(&pack(piece), &state, None);
        gas += step.gas_used;
        let answer = step.answer.expect("a good step");
        let flag = if piece.is_empty() { Flag::Done } else { Flag::Wait };
        assert_eq!(answer.flag, flag);
        output.extend_from_slice(&answer.emitted);
        // As if it was written down and read again.
        state = State::new(answer.state.bytes().to_vec()).expect("short");
    }
    (output, gas)
}

/// Bytes of which many are like those just before.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    let run = (prop::collection::vec(any::<u8>(), 1..5), 1..40_usize);
    let piece = prop_oneof![
        run.prop_map(|(pattern, times)| pattern.repeat(times)),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn another_cut_of_the_same_input_gives_the_same_output(
        input in inputs(),
        piece_bytes in 1..300_usize,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        let mut costs = Vec::new();
        for executor in &*EXECUTORS {
            let whole = executor.run(&pack(&input), None);
            prop_assert_eq!(whole.status(), Status::Ok);
            let by_steps = executor.run(&pack(&input).in_pieces(piece_bytes).expect("in bounds"), None);
            prop_assert_eq!(by_steps.steps, input.len().div_ceil(piece_bytes) as u64 + 1);
            prop_assert_eq!(&by_steps.output, &whole.output);
            let (output, gas) = step_by_step(executor, &pieces);
            prop_assert_eq!(&output, &whole.output);
            costs.push((whole.gas_used, by_steps.gas_used, gas));
        }
        prop_assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", costs);
    }
}

#[test]
fn a_run_by_steps_costs_what_its_steps_cost() {
    let input = b"aaaaaaaaaaaaaaaaaaaaaaaa, abcabcabcabc";
    for executor in &*EXECUTORS {
        let run = executor.run(&pack(input).in_pieces(7).expect("in bounds"), None);
        let pieces: Vec<_> = input.chunks(7).collect();
        assert_eq!(step_by_step(executor, &pieces), (run.output, run.gas_used));
    }
}
