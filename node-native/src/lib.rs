//! The native shell of tabmesh: an always-on peer around the very engine that runs in browser tabs.
//!
//! One task, the [`driver`], owns the engine. Around it, each room knows the driver by its channel alone: [`link`]
//! carries packets, [`signalling`] finds first peers, [`storage`] keeps blocks, [`server`] opens the HTTP door and
//! [`control`] the local one, over which [`files`] go in and out. [`task`] runs verifiable tasks and knows none of the others; [`module`] runs the
//! operator's modules for the driver; [`streams`] and [`jobs`] are modules of its own. [`peer`] puts them together; the command line in
//! [`cli`] sits on top.

// One function needs it: code that this program's own compiler made is taken for code (`task::wasmtime`).
#![deny(unsafe_code)]

pub mod addresses;
pub mod cli;
pub mod control;
pub mod driver;
pub mod files;
mod fresh;
pub mod identity;
pub mod jobs;
pub mod ledger;
pub mod link;
pub mod metrics;
pub mod module;
pub mod peer;
pub mod sentences;
pub mod server;
pub mod settings;
mod shares;
pub mod signalling;
pub mod storage;
pub mod streams;
mod tap;
pub mod task;
