//! A replica of a ledger as a `.wasm` of its own.

#![no_std]
#![cfg(target_arch = "wasm32")]

tabmesh_module::export!(tabmesh_ledger::Replica, tabmesh_ledger::Replica::new);
