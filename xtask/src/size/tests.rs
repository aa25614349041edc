//! The measuring itself, on small modules made by hand.

use std::sync::LazyLock;

use super::module::Module;
use super::origins::Origins;
use super::report::Report;
use super::rooms::{room, room_of_file};
use crate::run::run;
use crate::{stamp, tools, workspace};

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
    let sizes: Vec<_> = module.functions.iter().map(|function| (function.name(), function.bytes)).collect();
    assert_eq!(sizes, [("tabmesh_engine::routing::table::insert".into(), 3), ("memcpy".into(), 5)]);
}

#[test]
fn a_report_survives_being_written_and_read() {
    let bytes = sample();
    let module = Module::parse(&bytes).unwrap();
    let report = Report::new(&bytes, &module, &module, &Origins::default(), (7, 6)).unwrap();
    let (core, others) = Report::all_from_json(&report.to_json([("meter", &report)])).unwrap();
    assert_eq!((&core, others.len(), others.get("meter")), (&report, 1, Some(&report)));
    assert!(report.table(Some(&report)).contains("engine: routing"), "{}", report.table(None));
}

#[test]
fn other_code_is_not_taken_for_the_shipped_one() {
    let bytes = sample();
    let module = Module::parse(&bytes).unwrap();
    let mut other = Module::parse(&bytes).unwrap();
    other.sections.insert("code".to_owned(), 4000);
    let error = Report::new(&bytes, &module, &other, &Origins::default(), (0, 0)).unwrap_err();
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
        ("<tabmesh_engine::rng::Rng as core::clone::Clone>::clone", "engine: basics"),
        ("<tabmesh_port::id::NodeId as core::cmp::Ord>::cmp", "port"),
        ("core::ptr::drop_in_place<tabmesh_engine::wire::frame::Frame>", "engine: wire"),
        ("tabmesh_engine::Thing::method", "engine: basics"),
        ("tabmesh_engine::node::Node::handle_input", "engine: node"),
        ("tabmesh_engine::node::repair::<impl tabmesh_engine::node::Node>::scan", "engine: node/repair"),
        ("tabmesh_core::rtc::dial", "browser shell"),
        ("<tabmesh_module::heap::Heap as core::alloc::GlobalAlloc>::alloc", "allocator"),
        ("tabmesh_tasks::ask::giving::<impl tabmesh_tasks::ask::Requester>::give", "tasks: ask"),
        ("tabmesh_ledger::group::fast::<impl tabmesh_ledger::group::Member>::refuse", "ledger: group"),
        ("tabmesh_directory::drawing::Drawing::poll", "directory"),
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

#[test]
fn lines_belong_to_the_room_of_their_file() {
    for (file, expected) in [
        ("core-wasm/engine/src/node/topics.rs", "engine: node/topics"),
        ("core-wasm/engine/src/node/mod.rs", "engine: node"),
        ("core-wasm/engine/src/topics/publish.rs", "engine: topics"),
        ("core-wasm/engine/src/ground.rs", "engine: ground"),
        ("core-wasm/engine/src/io/flat.rs", "engine: basics"),
        ("core-wasm/port/src/codec.rs", "port"),
        ("core-wasm/module/src/heap.rs", "allocator"),
        ("core-wasm/tasks/src/ask/giving.rs", "tasks: ask/giving"),
        ("core-wasm/ledger/src/group/fast.rs", "ledger: group/fast"),
        ("core-wasm/directory/src/drawing.rs", "directory"),
        ("core-wasm/src/border.rs", "browser shell"),
        ("task-meter/src/gas.rs", "meter: gas"),
        ("task-meter/wasm/src/lib.rs", "meter: border"),
        ("/somewhere/registry/sha2-0.11.1/src/sha256.rs", "SHA-256"),
        ("/rustc/0123/library/core/src/slice/mod.rs", "Rust library"),
    ] {
        assert_eq!(room_of_file(file), expected, "{file}");
    }
}

/// Files of the engine, of which one is inlined into the other, as the compiler leaves them.
static TRACED: LazyLock<Vec<u8>> = LazyLock::new(traced);

fn traced() -> Vec<u8> {
    let dir = std::env::temp_dir().join(format!("tabmesh-traced-{}", std::process::id()));
    let sources = [
        (
            "lib.rs",
            "#![no_std]\nmod node {\n pub mod frames;\n}\nmod wire {\n pub mod codec;\n}\n\
             #[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n",
        ),
        (
            "node/frames.rs",
            "#[unsafe(no_mangle)]\npub extern \"C\" fn outer(n: u32) -> u32 {\n\
             crate::wire::codec::inner(n)\n ^ n.rotate_left(7)\n}\n\
             #[unsafe(no_mangle)]\npub extern \"C\" fn caller(n: u32) -> u32 {\n called(n, 1) + called(n, 2)\n}\n\
             #[unsafe(no_mangle)]\n#[inline(never)]\nextern \"C\" fn called(n: u32, m: u32) -> u32 {\n\
             (n % 7) * m / 3\n}\n",
        ),
        (
            "wire/codec.rs",
            "#[inline(always)]\npub fn inner(n: u32) -> u32 {\n (n / 7) * (n % 11)\n + (n ^ 0x5bd1_e995) / 13\n}\n",
        ),
    ];
    let root = dir.join("core-wasm/engine/src");
    for (file, text) in sources {
        stamp::write(&root.join(file), text).unwrap();
    }
    let module = dir.join("traced.wasm");
    run("rustc")
        .words("--edition 2024 --crate-type cdylib --crate-name traced -C opt-level=z -C panic=abort")
        .args(["-C", "debuginfo=line-tables-only", "--target", tools::WASM_TARGET, "--remap-path-prefix"])
        .arg(format!("{}={}", dir.display(), workspace::root().display()))
        .arg("-o")
        .arg(&module)
        .arg(root.join("lib.rs"))
        .wait()
        .unwrap();
    let bytes = std::fs::read(module).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    bytes
}

#[test]
fn inlined_code_counts_for_the_line_that_it_comes_from() {
    let origins = Origins::read(&TRACED).unwrap();
    let shares = origins.share_out("outer", 1_000, |_| true);
    assert_eq!(shares.iter().map(|(_, bytes)| bytes).sum::<usize>(), 1_000, "every byte is shared out once");
    let of = |file: &str, line: u32| {
        let mut shares = shares.iter().filter(|(place, _)| place.file == file && place.line == line);
        shares.next().map_or(0, |(_, bytes)| *bytes)
    };
    let codec = "core-wasm/engine/src/wire/codec.rs";
    assert!(of(codec, 3) > 100 && of(codec, 4) > 100, "{shares:?}");
    // The rotation belongs to the Rust library, and counts for the line that called it.
    assert!(of("core-wasm/engine/src/node/frames.rs", 4) > 0, "{shares:?}");
    assert!(shares.iter().all(|(place, _)| place.room.starts_with("engine: ")), "{shares:?}");

    let module = Module::parse(&TRACED).unwrap();
    let report = Report::new(&TRACED, &module, &module, &origins, (1, 1)).unwrap();
    let table = report.table(None);
    assert!(table.contains("engine: wire") && table.contains("engine: node/frames"), "{table}");
    assert!(report.lines(1).contains(codec), "{}", report.lines(9));
}

#[test]
fn a_module_without_lines_is_refused() {
    assert!(Origins::read(&sample()).err().unwrap().to_string().contains("no DWARF"));
}

#[test]
fn what_the_optimizer_inlined_counts_for_its_own_lines() {
    let origins = Origins::read(&TRACED).unwrap();
    let lines = |left: &[&str]| {
        let shares = origins.share_out("caller", 1_000, |symbol| left.contains(&symbol));
        assert_eq!(shares.iter().map(|(_, bytes)| bytes).sum::<usize>(), 1_000);
        shares.iter().map(|(place, _)| place.line).collect::<Vec<_>>()
    };
    assert!(!lines(&["caller", "called"]).contains(&13), "a function of its own");
    assert!(lines(&["caller"]).contains(&13), "inlined, and gone: {:?}", lines(&["caller"]));
}
