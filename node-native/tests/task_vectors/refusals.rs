//! Modules that are refused.

use crate::case::Case;

/// One function of the given bytes in a module that is otherwise in order.
fn with_body(body: &[u8]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x0a".to_vec();
    module.extend_from_slice(&[body.len() as u8 + 4, 1, body.len() as u8 + 2, 0]);
    module.extend_from_slice(body);
    module.push(0x0b);
    module
}

/// The codes are those of `task-meter/src/refusal.rs`.
pub(crate) fn cases() -> Vec<Case> {
    let foreign = |name: &str, kind: &str| {
        format!(
            "(module (import \"wasi_snapshot_preview1\" \"{name}\" (func {kind})) (memory (export \"memory\") 1) (func (export \"_start\")))"
        )
    };
    let pure_import =
        "(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func (param i32) (result i32)))
        (memory (export \"memory\") 1)
        (func (export \"alloc\") (param i32) (result i32) (i32.const 0))
        (func (export \"run\") (param i32 i32) (result i64) (i64.const 0)))";
    vec![
        Case::of_bytes("refused: no bytes", Vec::new()).refused(2),
        Case::of_bytes("refused: a text", b"(module)".to_vec()).refused(2),
        Case::of_bytes("refused: a section that ends too early", b"\0asm\x01\0\0\0\x01\x04\x01".to_vec())
            .refused(3),
        Case::new("refused: an unknown function", &foreign("path_opened", "(param i32) (result i32)"))
            .refused(7),
        Case::new("refused: a function of another type", &foreign("fd_close", "(param i64) (result i32)"))
            .refused(7),
        Case::new("refused: a pure module that imports", pure_import).refused(7),
        Case::new("refused: two memories", "(module (memory 1) (memory 1))").refused(8),
        Case::new("refused: more memory than the task has", "(module (memory (export \"memory\") 4))")
            .pages(3)
            .refused(9),
        Case::new(
            "refused: a name of 1,025 bytes",
            &format!("(module (memory (export \"{}\") 1))", "n".repeat(1_025)),
        )
        .refused(24),
        Case::new("refused: a reserved name", "(module (func (export \"~g\")))").refused(13),
        Case::of_bytes("refused: SIMD", with_body(b"\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1a"))
            .refused(509),
        Case::of_bytes("refused: a tail call", with_body(b"\x12\0")).refused(274),
        Case::of_bytes("refused: an exception", with_body(b"\x08\0")).refused(264),
        Case::of_bytes("refused: types that do not match", with_body(b"\x42\0\x41\0\x6a\x1a"))
            .refused(65_535),
    ]
}
