//! Which room a line of code, or a function, belongs to.

use std::borrow::Cow;

use crate::workspace;

/// Crates whose names decide, with the room that their functions belong to; the first one that a name mentions
/// counts. The engine's and the shell's own functions are told apart by their module.
const CRATES: [(&str, &str); 18] = [
    ("sha2::", "SHA-256"),
    ("digest::", "SHA-256"),
    ("block_buffer::", "SHA-256"),
    ("hybrid_array::", "SHA-256"),
    ("crypto_common::", "SHA-256"),
    ("wasm_bindgen::", "bindings"),
    ("js_sys::", "bindings"),
    ("web_sys::", "bindings"),
    ("__wbindgen", "bindings"),
    ("__wbg", "bindings"),
    ("__externref", "bindings"),
    ("compiler_builtins::", "Rust library"),
    ("core::", "Rust library"),
    ("alloc::", "Rust library"),
    ("<core", "Rust library"),
    ("__rust_", "allocator"),
    ("__rdl_", "allocator"),
    ("__rg_", "allocator"),
];

/// Modules of the engine that hold the words all rooms share.
const BASICS: [&str; 7] = ["coordinate", "io", "limits", "list", "rng", "time", "error"];

/// Functions that the linker and the compiler bring along.
const RUNTIME: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "__wasm_"];

/// Everything that came with the compiler, and what else nobody here wrote.
pub(crate) const LIBRARY: &str = "Rust library";

/// Crates of others, by the start of their folder's name.
const FOLDERS: [(&str, &str); 8] = [
    ("sha2-", "SHA-256"),
    ("digest-", "SHA-256"),
    ("block-buffer-", "SHA-256"),
    ("hybrid-array-", "SHA-256"),
    ("crypto-common-", "SHA-256"),
    ("wasm-bindgen-", "bindings"),
    ("js-sys-", "bindings"),
    ("web-sys-", "bindings"),
];

/// The file as a reader knows it: below the root of the repository, the registry's folder, or the sources of Rust.
pub(crate) fn shown(file: &str) -> &str {
    let root = format!("{}/", workspace::root().display());
    let skipped = |start: &str| Some(file.split_once(start)?.1.split_once('/')?.1);
    file.strip_prefix(&root)
        .or_else(|| skipped("/registry/src/"))
        .or_else(|| skipped("/rustc/"))
        .unwrap_or(file)
}

/// The room of the code in a file, which is named as [`shown`] names it.
pub(crate) fn room_of_file(file: &str) -> Cow<'static, str> {
    let stem = |path: &str| path.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
    if let Some(path) = file.strip_prefix("core-wasm/engine/src/") {
        let path = stem(path);
        let room = path.split('/').next().unwrap_or_default();
        return match room {
            "lib" => "engine: basics".into(),
            _ if BASICS.contains(&room) => "engine: basics".into(),
            // The node is as large as all rooms together, so its parts are told apart.
            "node" => format!("engine: {path}").into(),
            _ => format!("engine: {room}").into(),
        };
    }
    if file.starts_with("core-wasm/port/src/") {
        return "port".into();
    }
    if let Some(path) = file.strip_prefix("core-wasm/tasks/src/") {
        return format!("tasks: {}", stem(path)).into();
    }
    if let Some(path) = file.strip_prefix("core-wasm/ledger/src/") {
        return format!("ledger: {}", stem(path)).into();
    }
    if let Some(path) = file.strip_prefix("task-meter/src/") {
        return format!("meter: {}", stem(path)).into();
    }
    match file {
        "core-wasm/module/src/heap.rs" => "allocator".into(),
        _ if file.starts_with("core-wasm/directory/src/") => "directory".into(),
        _ if file.starts_with("core-wasm/module/src/") => "border of modules".into(),
        _ if file.starts_with("core-wasm/src/") => "browser shell".into(),
        _ if file.starts_with("task-meter/wasm/") => "meter: border".into(),
        _ => {
            let known =
                FOLDERS.iter().find(|(start, _)| file.split('/').any(|folder| folder.starts_with(start)));
            known.map_or(LIBRARY, |(_, room)| room).into()
        }
    }
}

/// The room of the function called `name`, where nothing is known of its lines.
///
/// A function of the Rust library that was made for one of our types counts for the room of that type.
pub(crate) fn room(name: &str) -> String {
    if let Some(path) = after(name, "tabmesh_engine::") {
        let module = first_module(path);
        // The node is as large as all rooms together, so its parts are told apart.
        let part = path.strip_prefix("node::").map_or("", first_module);
        return match module {
            _ if BASICS.contains(&module) => "engine: basics".to_owned(),
            "" => "engine: basics".to_owned(),
            "node" if !part.is_empty() => format!("engine: node/{part}"),
            _ => format!("engine: {module}"),
        };
    }
    if name.contains("tabmesh_port::") {
        return "port".to_owned();
    }
    if name.contains("tabmesh_directory::") {
        return "directory".to_owned();
    }
    if let Some(path) = after(name, "tabmesh_tasks::") {
        return format!("tasks: {}", first_module(path));
    }
    if let Some(path) = after(name, "tabmesh_ledger::") {
        return format!("ledger: {}", first_module(path));
    }
    if let Some(path) = after(name, "tabmesh_meter::") {
        return match first_module(path) {
            "" => "meter: border".to_owned(),
            module => format!("meter: {module}"),
        };
    }
    if matches!(name, "alloc" | "instrument") {
        return "meter: border".to_owned();
    }
    if name.contains("tabmesh_module::heap") {
        return "allocator".to_owned();
    }
    if name.contains("tabmesh_module::") {
        return "border of modules".to_owned();
    }
    if name.contains("tabmesh_core::") {
        return "browser shell".to_owned();
    }
    let known = CRATES.iter().find(|(mark, _)| name.contains(mark)).map(|(_, room)| *room);
    let runtime = || RUNTIME.iter().any(|start| name.starts_with(start)).then_some(LIBRARY);
    known.or_else(runtime).unwrap_or("browser shell").to_owned()
}

fn after<'a>(name: &'a str, mark: &str) -> Option<&'a str> {
    name.find(mark).map(|at| &name[at + mark.len()..])
}

/// The module at the start of a path, empty where the path names a thing of the crate's root.
fn first_module(path: &str) -> &str {
    let (first, rest) = path.split_once("::").unwrap_or((path, ""));
    let is_module = !rest.is_empty() && first.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if is_module { first } else { "" }
}
