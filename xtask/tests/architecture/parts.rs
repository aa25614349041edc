//! The parts of the repository and what they may know of each other.

use crate::imports::imported_module;
use crate::sources::{expect_none, paths_behind, read, sources, without_comments};

/// Which of our crates each crate may stand on. Tests may use any part: they meet where users do.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("core-wasm/port", &[]),
    ("core-wasm/engine", &["tabmesh-port"]),
    ("core-wasm", &["tabmesh-engine", "tabmesh-module"]),
    ("core-wasm/examples/counter", &["tabmesh-port"]),
    ("core-wasm/examples/counter/wasm", &["tabmesh-counter", "tabmesh-module"]),
    ("core-wasm/ledger", &["tabmesh-port"]),
    ("core-wasm/ledger/wasm", &["tabmesh-ledger", "tabmesh-module"]),
    ("core-wasm/module", &["tabmesh-port"]),
    ("core-wasm/directory", &["tabmesh-port"]),
    ("core-wasm/seat", &["tabmesh-engine", "tabmesh-port"]),
    ("core-wasm/stream", &["tabmesh-port"]),
    ("core-wasm/stream/wasm", &["tabmesh-module", "tabmesh-stream"]),
    (
        "node-native",
        &[
            "tabmesh-bounds",
            "tabmesh-engine",
            "tabmesh-ledger",
            "tabmesh-meter",
            "tabmesh-port",
            "tabmesh-seat",
            "tabmesh-stream",
            "tabmesh-tasks",
        ],
    ),
    ("core-wasm/tag", &["tabmesh-directory", "tabmesh-port"]),
    ("core-wasm/tag/wasm", &["tabmesh-module", "tabmesh-tag"]),
    ("core-wasm/tasks", &["tabmesh-directory", "tabmesh-port"]),
    ("core-wasm/tasks/wasm", &["tabmesh-module", "tabmesh-tasks"]),
    ("signalling-server", &["tabmesh-bounds", "tabmesh-engine", "tabmesh-ledger"]),
    ("signalling-server/bounds", &[]),
    ("simulator", &["tabmesh-engine", "tabmesh-heap", "tabmesh-port", "tabmesh-seat", "tabmesh-world"]),
    ("simulator/heap", &[]),
    ("simulator/world", &["tabmesh-engine", "tabmesh-port"]),
    ("task-meter", &[]),
    ("task-meter/checks", &["tabmesh-meter"]),
    ("task-meter/wasm", &["tabmesh-meter"]),
    ("xtask", &[]),
];

/// What the engine and the port may depend on: every crate here costs bytes in every tab.
/// bytemuck casts ids in place and leaves no code of its own.
const ENGINE_DEPENDENCIES: [&str; 3] = ["bytemuck", "sha2", "tabmesh-port"];

/// Ids and their proofs, which every signaller must know.
const SIGNALLING_MAY_USE: [&str; 5] = ["wire", "NodeId", "PublicKey", "Signature", "sha256"];

/// The front doors of crates that need no unsafe code. Only the Wasm borders do, of the core, of modules with their allocator and of
/// the meter, and the allocator that counts what engines hold; and [`LOADS_CODE`].
const SAFE: &[&str] = &[
    "core-wasm/examples/counter/src/lib.rs",
    "core-wasm/directory/src/lib.rs",
    "core-wasm/engine/src/lib.rs",
    "core-wasm/ledger/src/lib.rs",
    "core-wasm/port/src/lib.rs",
    "core-wasm/seat/src/lib.rs",
    "core-wasm/stream/src/lib.rs",
    "core-wasm/tag/src/lib.rs",
    "core-wasm/tasks/src/lib.rs",
    "signalling-server/bounds/src/lib.rs",
    "signalling-server/src/lib.rs",
    "simulator/src/lib.rs",
    "simulator/world/src/lib.rs",
    "task-meter/checks/src/lib.rs",
    "task-meter/src/lib.rs",
    "xtask/src/main.rs",
];

/// The one file of the native peer that takes bytes for code, which its own compiler made in another process.
const LOADS_CODE: &str = "node-native/src/task/wasmtime.rs";

#[test]
fn crates_depend_on_each_other_one_way() {
    let mut findings = Vec::new();
    for (part, allowed) in DEPENDENCIES {
        let own = dependencies(part).into_iter().filter(|name| name.starts_with("tabmesh"));
        findings.extend(
            own.filter(|name| !allowed.contains(&name.as_str())).map(|name| format!("{part}: {name}")),
        );
    }
    expect_none(&findings, "Modules stand on the port, shells on the engine, none on its like.");
}

#[test]
fn every_crate_of_the_workspace_has_its_row() {
    let members = members(&read("Cargo.toml"));
    let rows: Vec<&str> = DEPENDENCIES.iter().map(|(part, _)| *part).collect();
    let lacking = members.iter().filter(|member| !rows.contains(&member.as_str()));
    let mut findings: Vec<_> = lacking.map(|member| format!("{member}: no row in DEPENDENCIES")).collect();
    let modules = members
        .iter()
        .filter(|member| member.starts_with("core-wasm/examples/") && !member.ends_with("/wasm"));
    let doors = modules.map(|module| format!("{module}/src/lib.rs"));
    let open = doors.filter(|door| !SAFE.contains(&door.as_str()));
    findings.extend(open.map(|door| format!("{door}: not in SAFE")));
    expect_none(&findings, "Say in xtask/tests/architecture/parts.rs which of our crates it may stand on.");
}

/// The folders that the root's manifest lists as members.
fn members(manifest: &str) -> Vec<String> {
    let list = manifest.split_once("\nmembers = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.expect("Cargo.toml lists the members");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_meter_depends_on_nothing() {
    let names = dependencies("task-meter");
    expect_none(&names, "Every byte of the meter is downloaded by every tab that executes tasks.");
}

#[test]
fn the_engine_depends_on_nothing_that_was_not_weighed() {
    let names = ["core-wasm/engine", "core-wasm/port"].into_iter().flat_map(dependencies);
    let findings: Vec<_> = names.filter(|name| !ENGINE_DEPENDENCIES.contains(&name.as_str())).collect();
    expect_none(&findings, "Measure the bytes with `cargo xtask size`, then add the crate to this test.");
}

/// What a part's programs depend on, for any target.
fn dependencies(part: &str) -> Vec<String> {
    names_of_dependencies(&read(&format!("{part}/Cargo.toml")))
}

fn names_of_dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_inside = false;
    for line in manifest.lines().map(str::trim_end) {
        if line.starts_with('[') {
            is_inside = line == "[dependencies]" || line.ends_with(".dependencies]");
        } else if is_inside && line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let end =
                line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(line.len());
            names.push(line[..end].to_owned());
        }
    }
    names
}

#[test]
fn a_perfect_port_knows_no_engine() {
    let own =
        ["perfect", "crypto.rs", "dice.rs", "queue.rs"].map(|file| format!("simulator/world/src/{file}"));
    let found: Vec<_> = own.iter().flat_map(|file| sources(file, &[".rs"])).collect();
    assert!(found.len() > own.len(), "files were read");
    let findings: Vec<_> = found
        .into_iter()
        .filter(|source| source.text.contains("tabmesh_engine"))
        .map(|source| source.path)
        .collect();
    expect_none(
        &findings,
        "Modules are tried without an overlay: what they stand on there names the port alone.",
    );
}

#[test]
fn the_signalling_server_knows_the_wire_and_ids_only() {
    let mut findings = Vec::new();
    for source in sources("signalling-server/src/", &[".rs"]) {
        for (line, path) in paths_behind(&without_comments(&source.text), "tabmesh_engine::") {
            let first = path.split("::").next().unwrap_or_default();
            if !SIGNALLING_MAY_USE.contains(&first) {
                findings.push(format!("{}:{line}: tabmesh_engine::{path}", source.path));
            }
        }
    }
    expect_none(&findings, "The signalling server relays envelopes unread: it needs no protocol logic.");
}

#[test]
fn the_web_app_reaches_the_network_through_the_package_only() {
    let package = read("pkg/package.json");
    let mut findings = Vec::new();
    for source in sources("web/", &[".ts", ".js", ".tsx"]) {
        for (number, line) in source.text.lines().enumerate() {
            let Some(module) = imported_module(line) else { continue };
            let door = module.strip_prefix("tabmesh").filter(|rest| rest.starts_with('/'));
            let is_ours_beyond_the_door =
                door.is_some_and(|door| !package.contains(&format!("\".{door}\": {{")));
            let leaves_web = module.starts_with('.') && leaves(&source.path, module);
            if is_ours_beyond_the_door || leaves_web {
                findings.push(format!("{}:{}: {module}", source.path, number + 1));
            }
        }
    }
    expect_none(
        &findings,
        "web/ imports `tabmesh`, its other entries, libraries and its own files; nothing past the package's doors.",
    );
}

/// Whether the relative path `module`, seen from the file `from` in `web/`, leaves `web/`.
fn leaves(from: &str, module: &str) -> bool {
    let mut depth = from.matches('/').count() as i32 - 1;
    for step in module.split('/') {
        depth += match step {
            "." => 0,
            ".." => -1,
            _ => 1,
        };
        if depth < 0 {
            return true;
        }
    }
    false
}

#[test]
fn unsafe_code_is_forbidden_where_nobody_needs_it() {
    let open = SAFE.iter().filter(|door| !read(door).contains("#![forbid(unsafe_code)]"));
    let findings: Vec<_> = open.map(|door| (*door).to_owned()).collect();
    expect_none(&findings, "These crates need no unsafe code: write #![forbid(unsafe_code)] at their top.");
}

#[test]
fn the_native_peer_has_one_line_of_unsafe_code() {
    assert!(read("node-native/src/lib.rs").contains("#![deny(unsafe_code)]"));
    let allowed = |text: &str| text.matches("allow(unsafe_code)").count();
    let found = sources("node-native/src", &["rs"]).into_iter().filter(|source| source.path != LOADS_CODE);
    let findings: Vec<_> =
        found.filter(|source| allowed(&source.text) > 0).map(|source| source.path).collect();
    expect_none(&findings, "Only the loading of compiled code may be unsafe.");
    assert_eq!(allowed(&read(LOADS_CODE)), 1);
}

#[test]
fn the_pinned_tools_fit_the_pinned_crates() {
    let manifest = read("core-wasm/Cargo.toml");
    let pin = manifest.lines().find(|line| line.starts_with("wasm-bindgen ="));
    let version = pin.and_then(|line| line.split("\"=").nth(1)?.split('"').next());
    let version = version.expect("core-wasm/Cargo.toml pins wasm-bindgen");
    assert!(
        read("xtask/src/tools.rs").contains(&format!("version: \"{version}\"")),
        "core-wasm pins wasm-bindgen {version}: pin the same version of wasm-bindgen-cli in xtask/src/tools.rs"
    );
}

#[test]
fn the_rules_themselves_catch_what_they_forbid() {
    assert!(leaves("web/src/main.ts", "../../pkg/src/index.js"));
    assert!(!leaves("web/src/view/links.ts", "../state.js"));
    assert_eq!(imported_module("import { join } from 'tabmesh';"), Some("tabmesh"));
    assert_eq!(imported_module("const a = await import(\"../b.js\");"), Some("../b.js"));
    assert_eq!(imported_module("const from = 'x';"), None);
    let manifest =
        "[package]\nx = 1\n[dependencies]\na = 1\nb-c.workspace = true\n[dev-dependencies]\nd = 1\n";
    assert_eq!(names_of_dependencies(manifest), ["a", "b-c"]);
    let manifest = "[workspace]\nmembers = [\n    \"a\",\n    \"b/c\",\n]\ndefault-members = [\"a\"]\n";
    assert_eq!(members(manifest), ["a", "b/c"]);
}
