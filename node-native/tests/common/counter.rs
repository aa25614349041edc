//! The counter of `core-wasm/examples`, as its `.wasm`.

use std::path::PathBuf;
use std::process::Command as Program;
use std::sync::LazyLock;

/// By which the counter is attached: its port follows from it.
pub const NAME: &str = "tabmesh counter v1";

/// Builds the module as it ships but for wasm-opt: where it lies.
pub fn built() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("module");
        let status = Program::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "tabmesh-counter-wasm", "--profile", "wasm"])
            .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
            .arg(&target)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the Wasm module does not build");
        target.join("wasm32-unknown-unknown/wasm/tabmesh_counter_wasm.wasm")
    });
    BUILT.clone()
}

/// A module in text that does nothing but what these functions do.
pub fn text(handle: &str, poll: &str, more: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
             (memory (export "memory") 2)
             (func (export "room") (param i32) (result i32) (i32.const 65536))
             (func (export "start") (result i32) (i32.const 1))
             (func (export "handle") (param i64) (result i32) {handle})
             (func (export "poll") (param i64) (result i64) {poll})
             (func (export "wanted_at") (result i64) (i64.const -1))
             {more})"#
    );
    wat::parse_str(text).expect("a module in text")
}

/// Traps at the first command, and takes everything else.
pub const TRAPS: &str =
    "(if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 96)) (then unreachable)) (i32.const 1)";

/// Does not end at the first command, and takes everything else.
pub const LOOPS: &str = "(if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 96)) (then (loop $again (br $again)))) (i32.const 1)";

/// Gives nothing.
pub const NOTHING: &str = "(i64.const 0)";
