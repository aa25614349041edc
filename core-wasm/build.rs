//! What the linker is told for this module alone.

/// What the module may use of Wasm. Reference types are left out, which the library has: wasm-bindgen makes a table for JavaScript's
/// objects where they are in, 106 bytes and a function of its face, and no object comes in here.
const FEATURES: [&str; 2] = [
    "--no-check-features",
    "--features=bulk-memory,bulk-memory-opt,multivalue,mutable-globals,nontrapping-fptoint,sign-ext",
];

/// Answers of two words come back as two values instead of through memory, by LLVM's `experimental-mv`: 790 bytes.
///
/// The compiler has no word for that, but the linker has, which makes code of the compiler's bitcode (`.cargo/config.toml`). It
/// is for the profile in which all of the module, the library included, is bitcode until then; of any other the library comes as
/// code that knows nothing of it. Where two sides of a call disagree, the linker warns, and here it fails.
const TWO_VALUES: [&str; 3] = ["-mllvm", "-target-abi=experimental-mv", "--fatal-warnings"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Of all profiles only `wasm` has this level, and it links everything as one.
    let is_whole = std::env::var("OPT_LEVEL").is_ok_and(|level| level == "z");
    let words = FEATURES.iter().chain(TWO_VALUES.iter().filter(|_| is_whole));
    for word in words {
        println!("cargo::rustc-link-arg-cdylib={word}");
    }
}
