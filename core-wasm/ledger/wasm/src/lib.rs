//! A node of a ledger as a `.wasm` of its own: what the npm package ships. With the feature `replica` it is the replica's, which tests compare.

#![no_std]
#![cfg(target_arch = "wasm32")]

#[cfg(not(feature = "replica"))]
tabmesh_module::export!(tabmesh_ledger::Group, tabmesh_ledger::Group::new);

#[cfg(feature = "replica")]
tabmesh_module::export!(tabmesh_ledger::Replica, tabmesh_ledger::Replica::new);
