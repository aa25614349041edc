#!/usr/bin/env bash
# Makes built/ anew: rustup with both targets, clang 14 with llvm and lld, wasi-libc, and npx must be there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

rustup target add wasm32-unknown-unknown wasm32-wasip1
target=$(mktemp -d)
trap 'rm -r "$target"' EXIT
for guest in rust-pure:wasm32-unknown-unknown:mandelbrot rust-command:wasm32-wasip1:maze; do
    IFS=: read -r folder triple name <<<"$guest"
    (cd "$folder" && CARGO_TARGET_DIR="$target" cargo build --quiet --release --locked --target "$triple")
    install -m 644 "$target/$triple/release/$name.wasm" built/
done
# What libraries say of a panic names their place, which is nobody's business.
libraries=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/)
export RUSTFLAGS="--remap-path-prefix=${libraries%/}=crates"
(cd jobs && export CARGO_TARGET_DIR="$target" && cargo build --quiet --release --locked --target wasm32-unknown-unknown --examples \
    && cargo build --quiet --release --locked --target wasm32-wasip1 --bins)
install -m 644 "$target"/wasm32-unknown-unknown/release/examples/{tile,primes,filter}.wasm "$target/wasm32-wasip1/release/search.wasm" built/
(cd sql && CARGO_TARGET_DIR="$target" CC_wasm32_wasip1=clang AR_wasm32_wasip1=llvm-ar-14 \
    CFLAGS_wasm32_wasip1="--target=wasm32-wasi -isystem /usr/include/wasm32-wasi" cargo build --quiet --release --locked --target wasm32-wasip1)
install -m 644 "$target/wasm32-wasip1/release/sql.wasm" built/
for guest in waves pack; do
    clang --target=wasm32 -O3 -nostdlib -Wl,--no-entry -o "built/$guest.wasm" "c/$guest.c"
done
npx --yes --package assemblyscript@0.28.20 asc assemblyscript/life.ts -O3 --runtime stub --use abort= --outFile built/life.wasm
chmod 644 built/*.wasm
ls -l built
