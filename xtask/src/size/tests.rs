//! The measuring itself, on small modules made by hand.

use super::module::Module;
use super::report::Report;
use super::rooms::room;

/// A module with one imported and two own functions, a memory's worth of data, and names.
fn sample() -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    let mut section = |id: u8, bytes: &[u8]| {
        module.extend([id, bytes.len() as u8]);
        module.extend(bytes);
    };
    section(1, &[1, 0x60, 0, 0]);
    section(2, &[1, 1, b'a', 1, b'b', 0, 0]);
    section(3, &[2, 0, 0]);
    section(5, &[1, 0, 1]);
    section(10, &[2, 2, 0, 0x0b, 4, 0, 0x01, 0x01, 0x0b]);
    section(11, &[1, 0, 0x41, 0, 0x0b, 3, 1, 2, 3]);
    let names =
        [("x::imported", 0), ("tabmesh_engine::routing::table::insert::h0123456789abcdef", 1), ("memcpy", 2)];
    let mut map = vec![names.len() as u8];
    for (name, index) in names {
        map.extend([index, name.len() as u8]);
        map.extend(name.as_bytes());
    }
    let mut custom = b"\x04name\x01".to_vec();
    custom.push(map.len() as u8);
    custom.extend(map);
    section(0, &custom);
    module
}

#[test]
fn every_byte_of_a_module_is_counted_once() {
    let bytes = sample();
    let module = Module::parse(&bytes).unwrap();
    assert_eq!(module.sections.values().sum::<usize>() + 8, bytes.len());
    let sizes: Vec<_> =
        module.functions.iter().map(|function| (function.name.as_str(), function.bytes)).collect();
    assert_eq!(sizes, [("tabmesh_engine::routing::table::insert", 3), ("memcpy", 5)]);
}

#[test]
fn a_report_survives_being_written_and_read() {
    let bytes = sample();
    let module = Module::parse(&bytes).unwrap();
    let report = Report::new(&bytes, &module, &module, (7, 6)).unwrap();
    let (core, meter) = Report::pair_from_json(&report.to_json(&report)).unwrap();
    assert_eq!((&core, &meter), (&report, &report));
    assert!(report.table(Some(&report)).contains("engine: routing"), "{}", report.table(None));
}

#[test]
fn other_code_is_not_taken_for_the_shipped_one() {
    let bytes = sample();
    let module = Module::parse(&bytes).unwrap();
    let mut other = Module::parse(&bytes).unwrap();
    other.sections.insert("code".to_owned(), 4000);
    let error = Report::new(&bytes, &module, &other, (0, 0)).unwrap_err();
    assert!(error.to_string().contains("other code"), "{error}");
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    assert!(Module::parse(b"no module").is_err());
    assert!(Module::parse(&sample()[..30]).is_err());
}

#[test]
fn functions_belong_to_the_room_that_their_name_mentions() {
    for (name, expected) in [
        ("tabmesh_engine::routing::table::Table::insert", "engine: routing"),
        ("<tabmesh_engine::id::NodeId as core::cmp::Ord>::cmp", "engine: basics"),
        ("core::ptr::drop_in_place<tabmesh_engine::wire::frame::Frame>", "engine: wire"),
        ("tabmesh_engine::Thing::method", "engine: basics"),
        ("tabmesh_engine::node::Node::handle_input", "engine: node"),
        ("tabmesh_engine::node::repair::<impl tabmesh_engine::node::Node>::scan", "engine: node/repair"),
        ("tabmesh_core::rtc::dial", "browser shell"),
        ("<tabmesh_core::heap::Heap as core::alloc::GlobalAlloc>::alloc", "allocator"),
        ("tabmesh_meter::gas::<impl tabmesh_meter::meter::Meter>::end_segment", "meter: gas"),
        ("sha2::sha256::compress256", "SHA-256"),
        ("__wbindgen_malloc", "bindings"),
        ("alloc::raw_vec::finish_grow", "Rust library"),
        ("memcpy", "Rust library"),
        ("mesh_handle", "browser shell"),
    ] {
        assert_eq!(room(name), expected, "{name}");
    }
}
