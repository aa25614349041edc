//! The replicated counter as a `.wasm` of its own.

#![no_std]
#![cfg(target_arch = "wasm32")]

tabmesh_module::export!(tabmesh_counter::Counter, tabmesh_counter::Counter::new);
