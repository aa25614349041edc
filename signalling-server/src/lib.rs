//! The signalling server of tabmesh: where peers meet that cannot reach each other yet.
//!
//! A peer proves its key, is told up to three live peers of its network, and has envelopes carried to them. The server
//! reads none of them, keeps nothing, decides nothing about the network, and is not needed by a peer that has links.
//! What it speaks is in [`tabmesh_engine::wire::signal`].
//!
//! [`Server::bind`] listens, [`Server::run`] serves, [`Stopper::stop`] drains. Everything a stranger can do is bounded:
//! see [`Limits`] for what can be set, and README.md for what is answered at each bound.

#![forbid(unsafe_code)]

mod config;
mod crowd;
mod directory;
mod error;
mod files;
mod genesis;
mod http;
mod hub;
mod logs;
mod metrics;
mod name;
mod outbox;
mod proof;
mod refusal;
mod server;
mod session;
mod upgrade;
mod web;

pub use config::{Config, ConfigError, Limits, LogFormat, Origin, Settings};
pub use error::Error;
pub use files::raise_limit;
pub use logs::start as start_logs;
pub use server::{Server, Stopper};
pub use tabmesh_bounds::Rate;
