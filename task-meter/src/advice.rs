//! What somebody does about a refusal: the compiler's switch, or the limit to keep to. The page's own tables are the same.

use crate::refusal::{Reason, Refusal};

/// What is to be done for each reason, in the order of their numbers.
const WAYS: [(Reason, &str); 33] = [
    (
        Reason::ModuleBytes,
        "build it for size (-Os, wasm-opt -Oz), and give data as input instead of keeping it in the module",
    ),
    (Reason::Header, "give the .wasm file that the compiler wrote"),
    (Reason::Length, "the file is damaged or was cut off: copy or build it anew"),
    (Reason::Number, "the file is damaged: copy or build it anew"),
    (
        Reason::Section,
        "build without exceptions (-fno-exceptions, -C panic=abort) and without what is newer than WebAssembly 2.0",
    ),
    (
        Reason::Type,
        "build without SIMD (-mno-simd128, -C target-feature=-simd128) and without garbage collection",
    ),
    (Reason::Import, "build for WASI preview 1 (wasm32-wasip1, -sSTANDALONE_WASM), or for no imports at all"),
    (
        Reason::Memory,
        "build for one memory of its own, of 32 bits and not shared: without -pthread, -mmemory64 and --import-memory",
    ),
    (
        Reason::Pages,
        "give the task more pages (--pages, the option pages), or let the linker begin with fewer (--initial-memory)",
    ),
    (Reason::Table, "build without garbage collection and without tables of 64 bits"),
    (
        Reason::Initialiser,
        "build without extended constants (-mno-extended-const), and not for dynamic linking (-shared, -fPIC)",
    ),
    (Reason::Export, "build without exceptions (-fno-exceptions, -C panic=abort)"),
    (Reason::Name, "give the export another name"),
    (Reason::Elements, "build without garbage collection, and not for dynamic linking (-shared, -fPIC)"),
    (Reason::Data, "write the module anew by a current linker or wasm-opt"),
    (Reason::Index, "the file is damaged: copy or build it anew"),
    (Reason::Blocks, "the file is damaged: copy or build it anew"),
    (Reason::Count, "build it for size (-Os, wasm-opt -Oz), or split the work among several modules"),
    (Reason::Nesting, "split the function, or turn nested conditions into a table"),
    (
        Reason::Frame,
        "split the function, inline less into it (-Os, -fno-inline, #[inline(never)]), or move large locals into memory",
    ),
    (Reason::Floats, "split the function, or let it loop"),
    (Reason::BodyBytes, "split the function, or inline less into it (-Os, -fno-inline, #[inline(never)])"),
    (Reason::OutputBytes, "build it for size (-Os, wasm-opt -Oz)"),
    (Reason::NameBytes, "give the export a shorter name"),
    (Reason::Types, "build it for size (-Os, wasm-opt -Oz)"),
    (Reason::Parameters, "pass a structure in memory"),
    (Reason::Results, "leave the results in memory"),
    (Reason::Labels, "split the switch"),
    (Reason::Border, "export less (wasm-opt --remove-unused-module-elements)"),
    (Reason::Tables, "use one table"),
    (Reason::Locals, "split the function, or move arrays into memory"),
    (Reason::Constants, "split the function, or keep its constants in memory"),
    (Reason::Segments, "let the linker join its data (wasm-ld does), or wasm-opt --limit-segments"),
];

/// First opcode, last opcode, what is to be done; the first match counts.
const SWITCHES: [(u16, u16, &str); 8] = [
    (
        0x106,
        0x10a,
        "build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort",
    ),
    (0x112, 0x113, "build without tail calls: -mno-tail-call"),
    (
        0x118,
        0x119,
        "build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort",
    ),
    (
        0x11f,
        0x11f,
        "build without exceptions: -fno-exceptions, -sDISABLE_EXCEPTION_CATCHING=1, -C panic=abort",
    ),
    (
        0x1fb,
        0x1fb,
        "use a language that is compiled to linear memory: C, C++, Rust, Zig, TinyGo, AssemblyScript",
    ),
    (
        0x1fd,
        0x1fd,
        "build without SIMD: -mno-simd128, -C target-feature=-simd128, or take the package's file without simd in its name",
    ),
    (
        0x1fe,
        0x1fe,
        "build without threads: without -pthread, -C target-feature=-atomics, or take the package's file without threads",
    ),
    (0x213, 0x216, "build without wide arithmetic: -mno-wide-arithmetic"),
];

/// The module of an import (before a `*` how it begins), how its name begins, what is to be done about it; the first match counts.
const IMPORTS: [(&str, &str, &str); 20] = [
    ("env", "abort", "AssemblyScript: compile with --use abort="),
    (
        "env",
        "seed",
        "AssemblyScript: compile with --use seed=FILE/FUNCTION, a function of yours that gives a number, or without Math.random",
    ),
    ("env", "trace", "AssemblyScript: compile without trace()"),
    (
        "env",
        "emscripten_notify_memory_growth",
        "Emscripten: link with -sALLOW_MEMORY_GROWTH=0 and -sINITIAL_MEMORY, or define this function",
    ),
    ("env", "emscripten_resize_heap", "Emscripten: link with -sSTANDALONE_WASM"),
    ("env", "invoke_", "Emscripten: compile and link with -fno-exceptions and -sSUPPORT_LONGJMP=0"),
    ("env", "setTempRet0", "Emscripten: link with -sSTANDALONE_WASM"),
    (
        "env",
        "memory",
        "let the module have its own memory: without --import-memory, --importMemory, -sIMPORTED_MEMORY",
    ),
    ("env", "__linear_memory", "this is an object file: link it (wasm-ld)"),
    (
        "env",
        "__indirect_function_table",
        "let the module have its own table: without --import-table, --importTable, and not for dynamic linking",
    ),
    (
        "env",
        "",
        "define this function, or build for WASI preview 1 (Emscripten: -sSTANDALONE_WASM, wasi-sdk, wasm32-wasip1)",
    ),
    ("a", "", "Emscripten: link with -sSTANDALONE_WASM"),
    (
        "wbg",
        "",
        "wasm-bindgen ties a module to a page: export functions by extern \"C\" alone, or build for wasm32-wasip1",
    ),
    (
        "__wbindgen*",
        "",
        "wasm-bindgen ties a module to a page: export functions by extern \"C\" alone, or build for wasm32-wasip1",
    ),
    (
        "./*",
        "",
        "wasm-bindgen ties a module to a page: export functions by extern \"C\" alone, or build for wasm32-wasip1",
    ),
    ("go*", "", "Go: build with GOOS=wasip1 GOARCH=wasm, or by TinyGo with -target=wasip1"),
    ("wasi_unstable", "", "build by a newer compiler, for WASI preview 1"),
    (
        "wasi_snapshot_preview1",
        "",
        "this function has another type in WASI preview 1: build by a newer compiler",
    ),
    ("wasi:*", "", "build for WASI preview 1 (wasm32-wasip1), not for components"),
    ("wasi*", "", "build for WASI preview 1 (wasm32-wasip1) and without threads"),
];

/// How bytes begin that are no module, what they are, and what is to be done. Upper and lower case are the same.
const OTHERS: [(&[u8], &str, &str); 11] = [
    (b"", "there are no bytes at all", "give the .wasm file that the compiler wrote"),
    (
        b"\0asm\x0d\0\x01\0",
        "this is a component, not a module",
        "build for WASI preview 1 (wasm32-wasip1), or take the module out of it (wasm-tools component unbundle)",
    ),
    (b"\0asm\x0a\0\x01\0", "this is a component, not a module", "build for WASI preview 1 (wasm32-wasip1)"),
    (b"\0asm", "this is WebAssembly of another version than 1", "build it by a current compiler"),
    (b"(module", "this is the text of a module, not its bytes", "translate it: wat2wasm, wasm-tools parse"),
    (b"(component", "this is the text of a component", "build for WASI preview 1 (wasm32-wasip1)"),
    (b";;", "this is the text of a module, not its bytes", "translate it: wat2wasm, wasm-tools parse"),
    (
        b"\x1f\x8b",
        "this is compressed by gzip",
        "unpack it: gunzip; of fetch, let the server say content-encoding: gzip",
    ),
    (
        b"<!doctype html",
        "this is an HTML page, perhaps a server's page for what it has not got",
        "look at the address",
    ),
    (
        b"<html",
        "this is an HTML page, perhaps a server's page for what it has not got",
        "look at the address",
    ),
    (b"PK\x03\x04", "this is a ZIP archive", "unpack it"),
];

impl Refusal {
    /// What is to be done about it, without knowing the module; empty where nothing is known.
    #[must_use]
    pub fn way_out(&self) -> &'static str {
        let by_reason = WAYS.iter().find(|(reason, _)| *reason as u16 == self.code).map(|(_, way)| *way);
        let switch = || SWITCHES.iter().find(|(first, last, _)| (*first..=*last).contains(&self.code));
        by_reason.or_else(|| switch().map(|(_, _, way)| *way)).unwrap_or_default()
    }
}

/// What is to be done about an import that no interface has.
#[must_use]
pub fn of_import(module: &str, name: &str) -> &'static str {
    let found = IMPORTS.iter().find(|(of, start, _)| {
        let is_module = of.strip_suffix('*').map_or(module == *of, |start| module.starts_with(start));
        is_module && name.starts_with(start)
    });
    found.map_or(WAYS[Reason::Import as usize - 1].1, |(_, _, way)| way)
}

/// What bytes are that do not begin as a module does, and what is to be done; none where that is not known.
#[must_use]
pub fn instead_of_module(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let mark = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = mark.trim_ascii_start();
    let is = |start: &[u8]| {
        let bytes = if start.first().is_some_and(u8::is_ascii_punctuation) { text } else { bytes };
        let head = bytes.get(..start.len());
        if start.is_empty() {
            bytes.is_empty()
        } else {
            head.is_some_and(|head| head.eq_ignore_ascii_case(start))
        }
    };
    OTHERS.iter().find(|(start, _, _)| is(start)).map(|(_, what, way)| (*what, *way))
}
