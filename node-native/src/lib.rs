//! The native shell of tabmesh: an always-on peer around the very engine that runs in browser tabs.

pub mod identity;
pub mod link;
pub mod settings;
pub mod storage;
