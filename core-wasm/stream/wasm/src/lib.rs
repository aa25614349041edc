//! Streams as a `.wasm` of their own.

#![no_std]
#![cfg(target_arch = "wasm32")]

tabmesh_module::export!(tabmesh_stream::Streams, tabmesh_stream::Streams::new);
