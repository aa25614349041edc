//! A tagged sub-overlay as a `.wasm` of its own.

#![no_std]
#![cfg(target_arch = "wasm32")]

tabmesh_module::export!(tabmesh_tag::Tag, tabmesh_tag::Tag::new);
