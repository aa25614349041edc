//! From what the engine wants done to numbers and bytes.

use tabmesh_engine::io::kinds::output::{LINKS, NEIGHBOURHOOD};
use tabmesh_engine::{Flat, Node, NodeId};
use wasm_bindgen::prelude::*;

// The package's own module, by its place beside the generated one: `pkg/wasm/` and `pkg/dist/`.
#[wasm_bindgen(raw_module = "../dist/output.js")]
extern "C" {
    /// One thing for the page to do; see [`kinds`](tabmesh_engine::io::kinds). `core` is the number that [`start`](crate::start) was given. The
    /// slices are views of this module's memory: the page copies what it keeps, and calls nothing back from here.
    fn output(core: u32, kind: u32, number: u32, value: u32, id: &[u8], bytes: &[u8]);
}

/// Tells the page what the engine wants.
pub(crate) fn hand_out(core: u32, wanted: &Flat) {
    output(core, wanted.kind, wanted.number, wanted.value, &wanted.id, &wanted.bytes);
}

/// Tells the page which links to peers that proved themselves there are.
pub(crate) fn show_links(core: u32, node: &Node) {
    output(core, LINKS, 0, 0, &[], &node.links_bytes());
}

/// Tells the page the closest nodes known.
pub(crate) fn show_neighbourhood(core: u32, node: &Node) {
    output(core, NEIGHBOURHOOD, 0, 0, NodeId::list_bytes(&node.neighbourhood()), &[]);
}
