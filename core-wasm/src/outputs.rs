//! From what the engine wants done to numbers and bytes.

use tabmesh_engine::io::kinds::output::{LINKS, NEIGHBOURHOOD};
use tabmesh_engine::{Flat, Node, NodeId};

mod page {
    #[link(wasm_import_module = "page")]
    unsafe extern "C" {
        pub(super) fn output(
            node: u32,
            kind: u32,
            number: u32,
            value: u32,
            id: *const u8,
            id_length: usize,
            bytes: *const u8,
            bytes_length: usize,
        );
    }
}

/// One thing for the page to do; see [`kinds`](tabmesh_engine::io::kinds). `node` is where it lies.
fn output(node: u32, kind: u32, number: u32, value: u32, id: &[u8], bytes: &[u8]) {
    // SAFETY: the page reads the two places and copies what it keeps; it calls nothing back from here.
    unsafe { page::output(node, kind, number, value, id.as_ptr(), id.len(), bytes.as_ptr(), bytes.len()) }
}

/// Tells the page what the engine wants.
pub(crate) fn hand_out(node: u32, wanted: &Flat) {
    output(node, wanted.kind, wanted.number, wanted.value, &wanted.id, &wanted.bytes);
}

/// Tells the page which links to peers that proved themselves there are.
pub(crate) fn show_links(place: u32, node: &Node) {
    output(place, LINKS, 0, 0, &[], &node.links_bytes());
}

/// Tells the page the closest nodes known.
pub(crate) fn show_neighbourhood(place: u32, node: &Node) {
    output(place, NEIGHBOURHOOD, 0, 0, NodeId::list_bytes(&node.neighbourhood()), &[]);
}
