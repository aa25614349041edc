//! Which room of the code a function belongs to.

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
const BASICS: [&str; 9] = ["coordinate", "hash", "id", "io", "limits", "rng", "status", "time", "error"];

/// Functions that the linker and the compiler bring along.
const RUNTIME: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "__wasm_"];

/// The room of the function called `name`.
///
/// Inlined code counts for the function that it was inlined into, and a function of the Rust library that was made
/// for one of our types counts for the room of that type.
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
    if let Some(path) = after(name, "tabmesh_meter::") {
        return match first_module(path) {
            "" => "meter: border".to_owned(),
            module => format!("meter: {module}"),
        };
    }
    if matches!(name, "alloc" | "instrument") {
        // Exported functions; the walk over the sections is inlined into the latter.
        return "meter: border and module".to_owned();
    }
    if let Some(path) = after(name, "tabmesh_core::") {
        return match first_module(path) {
            "alloc" | "allocator" | "heap" => "allocator".to_owned(),
            _ => "browser shell".to_owned(),
        };
    }
    let known = CRATES.iter().find(|(mark, _)| name.contains(mark)).map(|(_, room)| *room);
    let runtime = || RUNTIME.iter().any(|start| name.starts_with(start)).then_some("Rust library");
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
