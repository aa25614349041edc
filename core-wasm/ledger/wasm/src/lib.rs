//! A node of a ledger as a `.wasm` of its own: what the npm package ships. With the feature `replica` it is the replica's, which tests compare; with `light` a light node's.

#![no_std]
#![cfg(target_arch = "wasm32")]

#[cfg(not(any(feature = "replica", feature = "light")))]
tabmesh_module::export!(tabmesh_ledger::Group, tabmesh_ledger::Group::new);

#[cfg(feature = "replica")]
tabmesh_module::export!(tabmesh_ledger::Replica, tabmesh_ledger::Replica::new);

#[cfg(feature = "light")]
tabmesh_module::export!(tabmesh_ledger::Light, tabmesh_ledger::Light::new);
