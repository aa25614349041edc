//! Goal: ids, CIDs of jobs, batches, trees, receipts and reductions are what every shell makes of them. Method: `tests/vectors/jobs.json`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use tabmesh_engine::content::cid::Cid;
use tabmesh_native::identity::{from_hex, hex, hex_of, verify};
use tabmesh_native::jobs::batch::{Batch, Given, Input, Packing};
use tabmesh_native::jobs::checkpoint::{Saved, seal, unseal};
use tabmesh_native::jobs::graph::{After, Graph, Shape, awaited};
use tabmesh_native::jobs::manifest::{Kind, Named, Pages, job_cid};
use tabmesh_native::jobs::root::Root;
use tabmesh_native::jobs::steps;
use tabmesh_native::jobs::terms::Terms;
use tabmesh_native::task::{EngineKind, Executor, HostLimits, Task, Watchdog};
use tabmesh_port::BlockHash;
use tabmesh_tasks::bisect::{Ask, Step, Trail};
use tabmesh_tasks::{Outcome, Receipt, leaf};

fn vectors(of: &str) -> Value {
    let text = include_str!("../../tests/vectors/jobs.json");
    let all: Value = serde_json::from_str(text).expect("JSON");
    all[of].clone()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn hash(value: &Value) -> [u8; 32] {
    from_hex(value.as_str().expect("a text")).expect("64 digits").0
}

/// A number, as JSON has it or in decimal text.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().expect("a text").parse().expect("a number"))
}

fn bytes(value: &Value) -> Bytes {
    STANDARD.decode(value.as_str().expect("a text")).expect("base64").into()
}

fn terms(case: &Value) -> Terms {
    Terms {
        module: hash(&case["module"]),
        module_bytes: number(&case["module_length"]) as u32,
        gas: case.get("gas").map_or(0, number),
        pages: number(&case["pages"]) as u32,
        seed: hash(&case["seed"]),
        time: number(&case["time"]),
        piece: number(&case["piece"]) as u32,
    }
}

fn outcome(case: &Value) -> Outcome {
    let (status, gas) = (number(&case["status"]) as u8, number(&case["gas"]));
    let steps = case.get("steps").map_or([0; 32], hash);
    Outcome { status, gas, length: number(&case["length"]) as u32, output: hash(&case["output"]), steps }
}

#[test]
fn ids_of_tasks() {
    let cases = vectors("tasks");
    assert!(list(&cases).len() >= 3);
    for case in list(&cases) {
        let input = &case["input"];
        let id = terms(case).id(&hash(&input["hash"]), number(&input["length"]) as u32);
        assert_eq!(hex_of(&id.0), case["id"], "{case}");
    }
}

#[test]
fn batches() {
    let cases = vectors("batches");
    for case in list(&cases) {
        let terms = terms(case);
        let given = |input: &Value| match input.get("byte") {
            Some(byte) => vec![number(byte) as u8; number(&input["length"]) as usize].into(),
            None => bytes(&input["bytes"]),
        };
        let inputs: Vec<Input> = list(&case["inputs"]).iter().map(|input| Input::new(given(input))).collect();
        let mut packing = Packing::new(&terms);
        let taken = inputs.iter().take_while(|input| packing.push(input)).count();
        let (count, packed) = packing.finish();
        assert_eq!((u64::from(count), taken), (number(&case["count"]), count.into()));
        assert_eq!(packed.len() as u64, number(&case["length"]));
        assert_eq!(hex_of(&tabmesh_engine::sha256(&packed)), case["sha256"]);
        let batch = Batch::read(&packed, count, terms.gas).expect("a batch");
        assert_eq!(batch.terms, terms);
        for (given, input) in batch.inputs.iter().zip(&inputs) {
            match given {
                Given::Here(bytes) => assert_eq!(*bytes, input.bytes),
                Given::Named { hash, .. } => assert_eq!(*hash, input.hash),
            }
        }
    }
}

#[test]
fn leaves_and_roots() {
    let tree = vectors("tree");
    let tasks = list(&tree["tasks"]).iter().map(|task| BlockHash(hash(task)));
    let leaves = tasks.zip(list(&tree["outcomes"])).map(|(task, case)| leaf(&task, &outcome(case)));
    let leaves: Vec<[u8; 32]> = leaves.collect();
    let expected: Vec<[u8; 32]> = list(&tree["leaves"]).iter().map(hash).collect();
    assert_eq!(leaves, expected);
    let root_of = |leaves: &[[u8; 32]]| {
        let mut root = Root::default();
        leaves.iter().for_each(|leaf| root.push(*leaf));
        root.finish()
    };
    for case in list(&tree["roots"]) {
        let count = number(&case["count"]) as usize;
        assert_eq!(root_of(&leaves[..count]), hash(&case["root"]), "{count}");
    }
    let mut graph = Graph::new(&Shape { inputs: leaves.len() as u32, after: Vec::new() }).expect("a graph");
    let failed: Vec<u64> = list(&tree["failed"]["failed"]).iter().map(number).collect();
    while let Some(at) = graph.give() {
        match failed.contains(&at.into()) {
            true => graph.fail(at),
            false => graph.accept(at, leaves[at as usize], true),
        };
    }
    assert_eq!(graph.root(), hash(&tree["failed"]["root"]));
}

#[test]
fn inputs_that_are_lists() {
    for case in list(&vectors("awaited")) {
        let outputs: Vec<Bytes> = list(&case["outputs"])
            .iter()
            .map(|output| Bytes::copy_from_slice(output.as_str().expect("a text").as_bytes()))
            .collect();
        assert_eq!(awaited(&outputs), bytes(&case["input"]));
    }
}

#[test]
fn reductions() {
    for case in list(&vectors("reductions")) {
        let (inputs, arity) = (number(&case["count"]) as u32, number(&case["arity"]) as u32);
        let graph = Graph::new(&Shape { inputs, after: vec![After::Reduce(arity)] }).expect("a graph");
        let levels: Vec<u64> = list(&case["levels"]).iter().map(number).collect();
        let mut counts = vec![0; levels.len() + 1];
        (0..graph.len()).for_each(|at| counts[graph.place(at).0] += 1);
        assert_eq!(counts[1..], levels[..], "{case}");
    }
}

#[test]
fn receipts() {
    let cases = vectors("receipts");
    for case in list(&cases) {
        let flat = bytes(&case["bytes"]);
        let receipt = Receipt::read(&flat).expect("a receipt");
        assert_eq!(receipt.emit(), flat);
        assert_eq!((receipt.task.0, receipt.outcome), (hash(&case["task"]), outcome(&case["outcome"])));
        assert_eq!(hex(&receipt.executor()), case["executor"]);
        assert_eq!(hex(&receipt.requester), case["requester"]);
        assert_eq!(hex_of(&receipt.key.0), case["key"]);
        let network = case["network"].as_str().expect("a name");
        assert_eq!(receipt.network, tabmesh_engine::sha256(network.as_bytes())[..8]);
        let holds = |receipt: &Receipt| {
            receipt.check().is_some_and(|claim| verify(&claim.key, &claim.signature, &claim.bytes))
        };
        assert!(holds(&receipt));
        for at in 0..flat.len() {
            let mut changed = flat.to_vec();
            changed[at] ^= 1;
            assert!(!Receipt::read(&changed).is_some_and(|receipt| holds(&receipt)), "byte {at}");
        }
    }
}

fn module_terms(module: &Value) -> Terms {
    let code = bytes(&module["bytes"]);
    Terms {
        module: tabmesh_engine::sha256(&code),
        module_bytes: code.len() as u32,
        gas: 0,
        pages: number(&module["pages"]) as u32,
        seed: hash(&module["seed"]),
        time: number(&module["time"]),
        piece: number(&module["piece"]) as u32,
    }
}

fn push(pages: &mut Pages, invocation: &Value) {
    let module = number(&invocation["module"]) as u16;
    let numbers = || list(&invocation["awaits"]).iter().map(|each| number(each) as u32).collect::<Vec<_>>();
    if let Some(input) = invocation.get("input") {
        pages.push(module, &Named::Raw(&tabmesh_engine::sha256(&bytes(input))));
    } else if let Some(cid) = invocation.get("cid") {
        let cid: Cid = cid.as_str().expect("a text").parse().expect("a CID");
        pages.push(module, &Named::of(&cid));
    } else if invocation["isList"] == true {
        pages.push(module, &Named::List(&numbers()));
    } else {
        pages.push(module, &Named::One(numbers()[0]));
    }
}

#[test]
fn cids_of_jobs() {
    let cases = vectors("manifests");
    assert!(list(&cases).len() >= 5);
    for case in list(&cases) {
        let stages = list(&case["stages"]).iter().map(|stage| {
            let kind = match stage["kind"].as_str() {
                Some("list") => Kind::List,
                Some("each") => Kind::Each,
                _ => Kind::Reduce(number(&stage["arity"]) as u16),
            };
            (kind, list(&stage["modules"]).iter().map(module_terms).collect())
        });
        let mut pages = Pages::default();
        match case.get("numbered") {
            Some(count) => (0..number(count)).for_each(|at| {
                pages.push(0, &Named::Raw(&tabmesh_engine::sha256(at.to_string().as_bytes())));
            }),
            None => list(&case["invocations"]).iter().for_each(|each| push(&mut pages, each)),
        }
        let stages: Vec<_> = stages.collect();
        let cid = job_cid(number(&case["gas"]), &stages, pages).to_string();
        assert_eq!(cid, case["cid"].as_str().expect("a text"));
    }
}

/// A step that is told by its number.
fn step(number: u32, count: u32) -> Step {
    let hash = |text: String| tabmesh_engine::sha256(text.as_bytes());
    Step {
        number,
        state: hash(number.to_string()),
        gas: 3 * u64::from(number),
        flag: u8::from(number + 1 == count),
        position: number,
        length: 2 * number,
        output: hash(format!("output {number}")),
    }
}

#[test]
fn trails_and_what_is_said_about_them() {
    for case in list(&vectors("trails")) {
        let count = number(&case["count"]) as u32;
        let mut trail = Trail::default();
        (0..count).for_each(|at| trail.push(&step(at, count)));
        assert_eq!(step(0, count).leaf(), hash(&case["first_leaf"]));
        assert_eq!(trail.root(), hash(&case["root"]), "{count}");
        for answer in list(&case["answers"]) {
            let at = |field: &str| number(&answer[field]) as u32;
            let ask = match answer["kind"].as_str() {
                Some("open") => Ask::Open,
                Some("nodes") => Ask::Nodes { level: at("level"), number: at("number") },
                _ => Ask::Step(at("number")),
            };
            let again = &mut |first, many| (first..first + many).map(|at| step(at, count)).collect();
            let said = trail.answer(ask, again).expect("an answer");
            assert_eq!(tabmesh_engine::sha256(&said), hash(&answer["sha256"]), "{count}: {ask:?}");
        }
    }
}

#[test]
fn tasks_by_steps_come_to_the_same_steps() {
    let tasks: Value = serde_json::from_str(include_str!("../../tests/vectors/tasks.json")).expect("JSON");
    let executor =
        Executor::new(EngineKind::default().build().expect("it works here"), HostLimits::default());
    let cases = vectors("stepped");
    assert!(list(&cases).len() > 40);
    for case in list(&cases) {
        let given = list(&tasks).iter().find(|task| task["name"] == case["name"]).expect("a task");
        let task = Task::new(bytes(&given["module"])).with_input(bytes(&given["input"])).expect("short");
        let task = task.with_gas(number(&given["gas"])).expect("little");
        let task = task.with_pages(number(&given["pages"]) as u32).expect("few");
        let task = task.with_seed(hash(&given["seed"])).with_time(number(&given["time"]));
        let task = task.in_pieces(number(&given["piece"]) as usize).expect("a piece");
        let time = std::time::Duration::from_secs(60);
        let (run, trail) = steps::run(&executor, &task, time, &Watchdog::default());
        let expected = outcome(&case["outcome"]);
        let status = run.end.status();
        let steps = if status.is_result() { trail.root() } else { [0; 32] };
        let length = run.output.len() as u32;
        let output = tabmesh_engine::sha256(&run.output);
        let came = Outcome { status: status.number(), gas: run.gas_used, length, output, steps };
        assert_eq!(came, expected, "{}", case["name"]);
    }
}

#[test]
fn what_is_no_checkpoint_is_none_to_any_shell() {
    let cases = vectors("bad_checkpoints");
    assert!(list(&cases).len() > 50);
    for case in list(&cases) {
        assert!(Saved::read(&bytes(&case["file"])).is_err(), "{}", case["why"]);
    }
}

#[test]
fn checkpoints() {
    for case in list(&vectors("checkpoints")) {
        let (file, key) = (bytes(&case["file"]), hash(&case["key"]));
        assert_eq!(unseal(bytes(&case["sealed"]).into(), &key), Ok(file.to_vec()));
        let saved = Saved::read(&file).expect("a checkpoint");
        assert_eq!(saved.write().as_deref(), Some(&file[..]));
        assert_eq!((saved.stages.len(), saved.invocations.len(), saved.journal.len()), (3, 5, 2));
        let (sealed, key) = seal(file.to_vec()).expect("chance");
        assert_eq!(unseal(sealed.clone(), &key), Ok(file.to_vec()));
        for at in [0, sealed.len() / 2, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(unseal(changed, &key).is_err());
        }
        // Whatever is cut off or changed is another checkpoint, or none, and never a panic.
        (0..file.len()).for_each(|cut| _ = Saved::read(&file[..cut]));
        for at in 0..file.len() {
            let mut changed = file.to_vec();
            changed[at] ^= 0xff;
            let _ = Saved::read(&changed);
        }
    }
}
