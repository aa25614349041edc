//! What one source (flags and environment, or the file) says: every key may be missing.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tabmesh_bounds::LEVEL_MAX;

use super::origin::Origin;

/// How a log line looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// The keys, as flags, variables and lines of the file. Their help texts are the flags' help.
#[derive(Clone, PartialEq, Debug, Default, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Read what is not given by flags or environment from this TOML file
    #[arg(long, env = "TABMESH_SIGNALLING_CONFIG", value_name = "PATH")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Where to listen; port 0 lets the system choose [default: 127.0.0.1:7070]
    #[arg(long, env = "TABMESH_SIGNALLING_LISTEN", value_name = "ADDRESS:PORT", value_parser = place)]
    pub listen: Option<SocketAddr>,

    /// Write the real listening address to this file
    #[arg(long, env = "TABMESH_SIGNALLING_ADDRESS_FILE", value_name = "PATH")]
    pub address_file: Option<PathBuf>,

    /// Serve the web app in this directory at /
    #[arg(long, env = "TABMESH_SIGNALLING_WEB", value_name = "DIR")]
    pub web: Option<PathBuf>,

    /// Serve the bytes of a ledger's genesis at /genesis, as `tabmesh ledger genesis pack` makes them: pages there take part in it
    #[arg(long, env = "TABMESH_SIGNALLING_GENESIS", value_name = "FILE")]
    pub genesis: Option<PathBuf>,

    /// Let only pages of this origin connect, such as https://app.example; repeat for more (in the variable, separate
    /// by commas). Native peers always may [default: any]
    #[arg(long, env = "TABMESH_SIGNALLING_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub origin: Option<Vec<Origin>>,

    /// A host name that peers ask for this server by, such as mesh.example; repeat for more (in the variable, separate by
    /// commas) [default: localhost, loopback addresses, and the address that it listens on]
    #[arg(long, env = "TABMESH_SIGNALLING_NAME", value_name = "HOST", value_delimiter = ',')]
    pub name: Option<Vec<String>>,

    /// Take a peer's address from the last entry of X-Forwarded-For: set it behind a proxy, and only there
    /// [default: false]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_BEHIND_PROXY",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub behind_proxy: Option<bool>,

    /// The least security level of an id: leading zero bits of SHA-256(id)
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_LEVEL",
        value_name = "BITS",
        value_parser = whole,
        help = level_help()
    )]
    pub level: Option<u64>,

    /// Connections at once [default: 16000]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_CONNECTIONS",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub connections: Option<u64>,

    /// Connections at once from one address; an IPv6 /64 is one [default: 256]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_ADDRESS_CONNECTIONS",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub address_connections: Option<u64>,

    /// New connections a second from one address, in the long run [default: 20]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_ADDRESS_RATE",
        value_name = "PER SECOND",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub address_rate: Option<f64>,

    /// New connections from one address in one burst [default: 200]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_ADDRESS_BURST",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub address_burst: Option<u64>,

    /// Messages a second from one connection, in the long run [default: 20]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_MESSAGE_RATE",
        value_name = "PER SECOND",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub message_rate: Option<f64>,

    /// Messages from one connection in one burst [default: 60]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_MESSAGE_BURST",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub message_burst: Option<u64>,

    /// Messages a second to one peer, whoever sends them, in the long run [default: 60]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_RECEIVE_RATE",
        value_name = "PER SECOND",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub receive_rate: Option<f64>,

    /// Messages to one peer in one burst [default: 180]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_RECEIVE_BURST",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub receive_burst: Option<u64>,

    /// The largest message [default: 1057, for envelopes of 1 KiB; at most 16384]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_MESSAGE_BYTES",
        value_name = "BYTES",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub message_bytes: Option<u64>,

    /// How long the head of a request may take [default: 10]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_HEAD_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub head_seconds: Option<f64>,

    /// How long a peer may take to prove its key [default: 10]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_PROOF_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub proof_seconds: Option<f64>,

    /// How long a peer may take to take one message [default: 10]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_SEND_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub send_seconds: Option<f64>,

    /// How long a peer may be silent before it is pinged [default: 30]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_PING_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub ping_seconds: Option<f64>,

    /// How long a peer may be silent, pings included, before it is closed [default: 90]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_IDLE_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub idle_seconds: Option<f64>,

    /// Messages waiting to be sent to one peer [default: 32]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_QUEUE_MESSAGES",
        value_name = "COUNT",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub queue_messages: Option<u64>,

    /// Bytes waiting to be sent to one peer [default: 65536]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_QUEUE_BYTES",
        value_name = "BYTES",
        value_parser = whole,
        help_heading = "Bounds"
    )]
    pub queue_bytes: Option<u64>,

    /// How long a stop may take [default: 5]
    #[arg(
        long,
        env = "TABMESH_SIGNALLING_DRAIN_SECONDS",
        value_name = "SECONDS",
        value_parser = number,
        help_heading = "Bounds"
    )]
    pub drain_seconds: Option<f64>,

    /// What to log: error, warn, info, debug, trace, or directives such as tabmesh_signalling=debug [default: info]
    #[arg(long, env = "TABMESH_SIGNALLING_LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// How a log line looks [default: text]
    #[arg(long, env = "TABMESH_SIGNALLING_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

fn level_help() -> String {
    format!(
        "The least security level of an id: leading zero bits of SHA-256(id), 0 to {LEVEL_MAX} [default: 0]"
    )
}

fn place(text: &str) -> Result<SocketAddr, &'static str> {
    let problem = "an address here is a number and a port, such as 127.0.0.1:7070, 0.0.0.0:7070 or [::]:7070; a name is none";
    text.trim().parse().map_err(|_| problem)
}

fn whole(text: &str) -> Result<u64, &'static str> {
    text.trim().parse().map_err(|_| "write a whole number, such as 20")
}

fn number(text: &str) -> Result<f64, &'static str> {
    text.trim().parse().map_err(|_| "write a number, such as 0.5")
}

impl Settings {
    /// What `self` says, and where it says nothing, what `fallback` says.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            config: self.config.or(fallback.config),
            listen: self.listen.or(fallback.listen),
            address_file: self.address_file.or(fallback.address_file),
            web: self.web.or(fallback.web),
            genesis: self.genesis.or(fallback.genesis),
            origin: self.origin.or(fallback.origin),
            name: self.name.or(fallback.name),
            behind_proxy: self.behind_proxy.or(fallback.behind_proxy),
            level: self.level.or(fallback.level),
            connections: self.connections.or(fallback.connections),
            address_connections: self.address_connections.or(fallback.address_connections),
            address_rate: self.address_rate.or(fallback.address_rate),
            address_burst: self.address_burst.or(fallback.address_burst),
            message_rate: self.message_rate.or(fallback.message_rate),
            message_burst: self.message_burst.or(fallback.message_burst),
            receive_rate: self.receive_rate.or(fallback.receive_rate),
            receive_burst: self.receive_burst.or(fallback.receive_burst),
            message_bytes: self.message_bytes.or(fallback.message_bytes),
            head_seconds: self.head_seconds.or(fallback.head_seconds),
            proof_seconds: self.proof_seconds.or(fallback.proof_seconds),
            send_seconds: self.send_seconds.or(fallback.send_seconds),
            ping_seconds: self.ping_seconds.or(fallback.ping_seconds),
            idle_seconds: self.idle_seconds.or(fallback.idle_seconds),
            queue_messages: self.queue_messages.or(fallback.queue_messages),
            queue_bytes: self.queue_bytes.or(fallback.queue_bytes),
            drain_seconds: self.drain_seconds.or(fallback.drain_seconds),
            log: self.log.or(fallback.log),
            log_format: self.log_format.or(fallback.log_format),
        }
    }
}
