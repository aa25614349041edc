//! No file needs a file that needs it back, by whatever way round.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{self, Edge};
use crate::sources::expect_none;

/// A ratchet: files, and folders with a `/` at their end, whose circles are not broken yet. A line whose circle is
/// gone has to go too.
const KNOWN: &str = include_str!("circles.txt");

#[test]
fn no_imports_run_in_a_circle() {
    let edges = [imports::of_rust(""), imports::of_typescript("")].concat();
    expect_none(
        &findings(&edges, &Vec::from_iter(KNOWN.lines())),
        "Imports run one way, from file to file. Break the circle where it is thinnest: move what both need into a \
         file of its own, or hand it in as a value.",
    );
}

/// The circles that are not `known`, and what is known of circles that are gone.
fn findings(edges: &[Edge], known: &[&str]) -> Vec<String> {
    let circles = circles(edges);
    let covers = |entry: &str, file: &str| file == entry || entry.ends_with('/') && file.starts_with(entry);
    let is_known = |file: &String| known.iter().any(|entry| covers(entry, file));
    let new = circles.iter().filter(|circle| !circle.iter().all(is_known));
    let is_gone = |entry: &&&str| !circles.iter().flatten().any(|file| covers(entry, file));
    let gone = known.iter().filter(is_gone);
    let gone = gone.map(|entry| format!("{entry}: in no circle any more, take its line out of circles.txt"));
    new.map(|circle| shown(circle, edges)).chain(gone).collect()
}

/// The sets of two or more files that need each other.
fn circles(edges: &[Edge]) -> Vec<BTreeSet<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().insert(&edge.to);
    }
    let reached = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = next.get(from).into_iter().flatten().copied().collect();
        while let Some(file) = open.pop() {
            if seen.insert(file) {
                open.extend(next.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|file| (*file, reached(file))).collect();
    let both = |a: &str, b: &str| reach[a].contains(b) && reach.get(b).is_some_and(|back| back.contains(a));
    let circle = |file: &&str| -> BTreeSet<String> {
        reach[*file].iter().filter(|other| both(file, other)).map(|other| (*other).to_owned()).collect()
    };
    let found: BTreeSet<_> = reach.keys().map(circle).filter(|circle| circle.len() > 1).collect();
    found.into_iter().collect()
}

/// The files of a circle, and one line for each import within it.
fn shown(circle: &BTreeSet<String>, edges: &[Edge]) -> String {
    let mut text = format!("a circle of {} files:", circle.len());
    let mut told = BTreeSet::new();
    for edge in edges.iter().filter(|edge| circle.contains(&edge.from) && circle.contains(&edge.to)) {
        if told.insert((&edge.from, &edge.to)) {
            text += &format!("\n    {}:{} needs {} ({})", edge.from, edge.line, edge.to, edge.words);
        }
    }
    text
}

fn edge(from: &str, to: &str) -> Edge {
    Edge { from: from.into(), to: to.into(), line: 1, words: "x".into() }
}

#[test]
fn a_circle_is_found_and_a_way_into_it_is_not() {
    let edges = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "d")].map(|(from, to)| edge(from, to));
    let found = circles(&edges);
    assert_eq!(found, [BTreeSet::from(["b".to_owned(), "c".to_owned()])]);
    assert_eq!(shown(&found[0], &edges).lines().count(), 3);
}

#[test]
fn known_circles_pass_until_they_are_gone() {
    let edges = [("x/a", "y"), ("y", "x/a"), ("z", "y")].map(|(from, to)| edge(from, to));
    assert_eq!(findings(&edges, &["x/", "y"]), [""; 0]);
    assert!(findings(&edges, &["x/"])[0].contains("a circle of 2 files"), "y is not listed");
    assert!(findings(&edges, &["x/", "y", "z"])[0].starts_with("z: in no circle"));
    assert!(findings(&edges[1..], &["y"])[0].starts_with("y: in no circle"));
}
