#!/usr/bin/env bash
# Makes built/ anew: rustup with both targets, clang and lld, and npx must be there.
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
for guest in waves pack; do
    clang --target=wasm32 -O3 -nostdlib -Wl,--no-entry -o "built/$guest.wasm" "c/$guest.c"
done
npx --yes --package assemblyscript@0.28.20 asc assemblyscript/life.ts -O3 --runtime stub --use abort= --outFile built/life.wasm
chmod 644 built/*.wasm
ls -l built
