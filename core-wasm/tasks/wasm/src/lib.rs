//! The coordination of jobs as a `.wasm` of its own.

#![no_std]
#![cfg(target_arch = "wasm32")]

tabmesh_module::export!(tabmesh_tasks::Tasks, tabmesh_tasks::Tasks::new);
