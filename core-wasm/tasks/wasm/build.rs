//! What the linker is told for this module alone.

/// Answers of two words come back as two values instead of through memory, as in the core, whose `build.rs` says how.
const TWO_VALUES: [&str; 3] = ["-mllvm", "-target-abi=experimental-mv", "--fatal-warnings"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Of all profiles only `wasm` has this level, and it links everything as one.
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "z") {
        TWO_VALUES.iter().for_each(|word| println!("cargo::rustc-link-arg-cdylib={word}"));
    }
}
