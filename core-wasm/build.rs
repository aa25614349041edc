//! Answers of two words come back as two values instead of through memory: 650 bytes and more, by LLVM's `experimental-mv`.
//!
//! The compiler has no word for that, but the linker has, which makes code of the compiler's bitcode (`.cargo/config.toml`). It
//! is for the profile in which all of the module, the library included, is bitcode until then; of any other the library comes as
//! code that knows nothing of it. Where two sides of a call disagree, the linker warns, and here it fails.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Of all profiles only `wasm` has this level, and it links everything as one.
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level == "z") {
        for word in ["-mllvm", "-target-abi=experimental-mv", "--fatal-warnings"] {
            println!("cargo::rustc-link-arg-cdylib={word}");
        }
    }
}
