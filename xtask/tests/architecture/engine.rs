//! The engine's rooms and what they may know of each other.

use std::collections::BTreeSet;

use crate::imports;
use crate::sources::{expect_none, sources, without_comments};

const ENGINE: &str = "core-wasm/engine/src/";

/// Rooms by layer: a room may use the layers before its own, and nothing of its own layer but itself. Only the
/// basics may use each other. A room need not be there yet to have its place here.
const LAYERS: [(&str, &[&str]); 7] = [
    ("basics", &["coordinate", "limits", "list", "rng", "time", "error"]),
    ("wire", &["wire"]),
    ("io", &["io"]),
    ("tables", &["link", "routing", "content"]),
    ("ground", &["ground"]),
    ("machines", &["linking", "upkeep", "requests", "blocks", "lists", "topics", "ports"]),
    ("node", &["node"]),
];

/// What the engine does without, and why.
const BANNED: [(&str, &str); 14] = [
    ("std::", "the engine is no_std: use core:: and alloc::"),
    ("extern crate std", "the engine is no_std: use core:: and alloc::"),
    ("println!", "the engine prints nothing: make an Event of it"),
    ("wasm_bindgen", "the browser belongs to core-wasm"),
    ("web_sys", "the browser belongs to core-wasm"),
    ("js_sys", "the browser belongs to core-wasm"),
    ("HashMap", "hash order is not deterministic: use a sorted Vec or a BTreeMap"),
    ("HashSet", "hash order is not deterministic: use a sorted Vec or a BTreeMap"),
    ("f32", "floats cost bytes and differ between hosts: count in integers"),
    ("f64", "floats cost bytes and differ between hosts: count in integers"),
    ("async ", "the engine is sans-IO: a Job leaves and its result comes back"),
    (".await", "the engine is sans-IO: a Job leaves and its result comes back"),
    ("thread_rng", "randomness for choices comes from the seed"),
    ("getrandom", "randomness for choices comes from the seed"),
];

#[test]
fn imports_run_one_way_through_the_engine() {
    let mut findings = BTreeSet::new();
    for edge in imports::of_rust(ENGINE) {
        // The front door only hands on: who imports from there needs the room behind it too, an edge of its own.
        let (Some(own), Some(used)) = (room_of(&edge.from), room_of(&edge.to)) else { continue };
        if let Some(problem) = problem(own, used) {
            findings.insert(format!("{}:{}: {}: {problem}", edge.from, edge.line, edge.words));
        }
    }
    expect_none(
        &Vec::from_iter(findings),
        "Imports run one way: basics <- wire <- io <- tables <- ground <- machines <- node. A room never names a \
         sibling: `node` carries verdicts between machines, and they share the ground. Move what both need down, or \
         hand it in as a value.",
    );
}

/// Why room `own` may not use `used`; `None` if it may. Of rooms that are not known another test tells.
fn problem(own: &str, used: &str) -> Option<String> {
    let (mine, theirs) = (layer(own)?, layer(used)?);
    if own == used {
        return None;
    }
    let (my_name, their_name) = (LAYERS[mine].0, LAYERS[theirs].0);
    match theirs.cmp(&mine) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal if mine == 0 => None,
        std::cmp::Ordering::Equal => Some(format!("`{used}` is a sibling of `{own}`")),
        std::cmp::Ordering::Greater => {
            Some(format!("`{used}` ({their_name}) stands above `{own}` ({my_name})"))
        }
    }
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, rooms)| rooms.contains(&room))
}

/// The room that a file belongs to: its first folder or its own name. The front door belongs to none.
fn room_of(path: &str) -> Option<&str> {
    let room = path.strip_prefix(ENGINE)?.split('/').next()?.trim_end_matches(".rs");
    (room != "lib").then_some(room)
}

#[test]
fn every_file_of_the_engine_lies_in_a_known_room() {
    let all = sources(ENGINE, &[".rs"]);
    let lost = all.iter().filter(|source| room_of(&source.path).is_some_and(|room| layer(room).is_none()));
    let findings: Vec<_> = lost.map(|source| source.path.clone()).collect();
    expect_none(
        &findings,
        "A new room needs a layer in xtask/tests/architecture/engine.rs and a line in the map.",
    );
}

#[test]
fn the_engine_touches_no_clock_socket_or_printer() {
    let mut findings = Vec::new();
    let all = sources(ENGINE, &[".rs"]);
    for source in all.iter().filter(|source| !source.path.contains("tests")) {
        let code = without_comments(&source.text);
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            for (word, why) in BANNED {
                if has_word(line, word) {
                    findings.push(format!("{}:{}: {word}: {why}", source.path, number + 1));
                }
            }
        }
    }
    expect_none(&findings, "The engine is sans-IO, deterministic and no_std.");
}

/// Whether `word` is in `line`, not as the end of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let mut places = line.match_indices(word);
    places.any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn wire_keeps_no_state() {
    let mut findings = Vec::new();
    for source in sources(&format!("{ENGINE}wire"), &[".rs"]) {
        // A name of the program's is no state.
        let code = without_comments(&source.text).replace("&'static ", "&");
        for word in ["static ", "Cell<", "Instant", "Rng"] {
            if code.lines().any(|line| has_word(line, word)) {
                findings.push(format!("{}: {word}", source.path));
            }
        }
    }
    expect_none(
        &findings,
        "wire turns bytes into messages and back; it knows no time, no chance and no memory.",
    );
}

#[test]
fn the_rules_themselves_catch_what_they_forbid() {
    assert!(problem("link", "routing").unwrap().contains("sibling"));
    assert!(problem("wire", "node").unwrap().contains("above"));
    let machines = LAYERS[5].1;
    for (own, other) in machines.iter().flat_map(|own| machines.iter().map(move |other| (own, other))) {
        assert_eq!(problem(own, other).is_some(), own != other, "{own} names {other}");
    }
    for (own, used) in [("ground", "topics"), ("routing", "ground"), ("blocks", "node"), ("io", "link")] {
        assert!(problem(own, used).unwrap().contains("above"), "{own} may not use {used}");
    }
    for (own, used) in [
        ("coordinate", "rng"),
        ("wire", "coordinate"),
        ("routing", "io"),
        ("ground", "routing"),
        ("topics", "ground"),
        ("node", "topics"),
        ("node", "node"),
    ] {
        assert_eq!(problem(own, used), None, "{own} may use {used}");
    }
}

#[test]
fn what_the_front_door_hands_on_counts_for_its_room() {
    let edges = imports::of_rust(ENGINE);
    let is_there =
        |from: &str, to: &str| edges.iter().any(|edge| edge.from.ends_with(from) && edge.to.ends_with(to));
    assert!(
        is_there("src/wire/frame.rs", "src/coordinate.rs"),
        "wire names coordinates by the front door or by their room"
    );
    assert!(!edges.iter().any(|edge| edge.from.ends_with("src/lib.rs")), "the front door only hands on");
}
