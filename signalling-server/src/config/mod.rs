//! How the server is set up: one set of keys, from four places.
//!
//! A key has the same name everywhere: the flag `--message-rate`, the variable `TABMESH_SIGNALLING_MESSAGE_RATE`, and
//! `message-rate` in the TOML file. A flag goes before the environment, the environment before the file, the file
//! before the default.

mod origin;
mod settings;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tabmesh_bounds::{LEVEL_MAX, Rate};
use tabmesh_engine::wire::signal::MESSAGE_MAX;

pub use self::origin::Origin;
pub use self::settings::{LogFormat, Settings};

/// What an envelope may take unless the operator says otherwise: the largest of today has 649 bytes.
const ENVELOPE_BYTES: usize = 1024;

/// What is around an envelope on its way to the server: the kind, and for whom it is.
const RELAY_BYTES: usize = 33;

/// The server's configuration, complete and within bounds.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// A file to write the real address to, once it is known.
    pub address_file: Option<PathBuf>,
    /// A directory with the web app, to be served at `/`.
    pub web: Option<PathBuf>,
    /// The bytes of a ledger's genesis, to be served at `/genesis`.
    pub genesis: Option<PathBuf>,
    /// The origins whose pages may connect; empty allows every page. Native peers send no origin and always may.
    pub origins: Vec<Origin>,
    /// The host names that peers ask for it by; empty for loopback names and the address that it listens on.
    pub names: Vec<String>,
    /// Whether a proxy stands in front, whose last entry of `X-Forwarded-For` is the peer's address.
    pub behind_proxy: bool,
    /// The least security level of an id.
    pub level: u8,
    /// How long a stop may take.
    pub drain: Duration,
    /// What is logged: directives such as `info` or `tabmesh_signalling=debug`.
    pub log: String,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// The bounds.
    pub limits: Limits,
}

/// Every bound that can be set; what happens at each is a [`Refusal`](tabmesh_engine::wire::signal::Refusal) or an HTTP
/// status (see README.md).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address (an IPv6 /64 counts as one).
    pub address_connections: usize,
    /// New connections from one address.
    pub address_rate: Rate,
    /// Messages from one connection.
    pub message_rate: Rate,
    /// Messages to one peer, whoever sends them.
    pub receive_rate: Rate,
    /// The largest message, in bytes; at most [`MESSAGE_MAX`].
    pub message_bytes: usize,
    /// How long the head of a request may take, the wait for it included.
    pub head: Duration,
    /// How long a peer may take to prove its key.
    pub proof: Duration,
    /// How long a peer may take to take one message.
    pub send: Duration,
    /// How long a peer may be silent before it is pinged.
    pub ping: Duration,
    /// How long a peer may be silent, pings included, before it is closed.
    pub idle: Duration,
    /// Messages waiting to be sent to one peer.
    pub queue_messages: usize,
    /// Bytes waiting to be sent to one peer.
    pub queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_000,
            address_connections: 256,
            address_rate: Rate { per_second: 20.0, burst: 200 },
            message_rate: Rate { per_second: 20.0, burst: 60 },
            // One sender alone, at its own rate, leaves room for others.
            receive_rate: Rate { per_second: 60.0, burst: 180 },
            message_bytes: ENVELOPE_BYTES + RELAY_BYTES,
            head: Duration::from_secs(10),
            proof: Duration::from_secs(10),
            send: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            idle: Duration::from_secs(90),
            queue_messages: 32,
            queue_bytes: 65_536,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7070)),
            address_file: None,
            web: None,
            genesis: None,
            origins: Vec::new(),
            names: Vec::new(),
            behind_proxy: false,
            level: 0,
            drain: Duration::from_secs(5),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            limits: Limits::default(),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {source}; check the path and its permissions")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML, or has a key or a value that is none of ours.
    #[error("the configuration file {path} is wrong:\n{message}")]
    File {
        /// The file.
        path: PathBuf,
        /// Where and why, with the line.
        message: String,
    },
    /// A value is outside its bounds.
    #[error("{key} is {value}, but it has to be from {low} to {high}")]
    OutOfBounds {
        /// The key, as a flag without its dashes.
        key: &'static str,
        /// What it is set to.
        value: f64,
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// Two values do not go together.
    #[error("{0}")]
    Contradiction(String),
}

impl ConfigError {
    /// A stable name for the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config-unreadable",
            Self::File { .. } => "config-file",
            Self::OutOfBounds { .. } => "config-bounds",
            Self::Contradiction(_) => "config-contradiction",
        }
    }
}

impl Config {
    /// The configuration that `given` (flags and environment), the file that it may name, and the defaults make.
    ///
    /// # Errors
    ///
    /// The file cannot be used, or a value cannot.
    pub fn load(given: Settings) -> Result<Self, ConfigError> {
        let settings = match &given.config {
            Some(path) => {
                let from_file = read_file(path)?;
                given.or(from_file)
            }
            None => given,
        };
        Self::complete(settings)
    }

    /// Fills in the defaults and checks the bounds.
    ///
    /// # Errors
    ///
    /// A value is outside its bounds, or two contradict each other.
    pub fn complete(given: Settings) -> Result<Self, ConfigError> {
        let default = Self::default();
        let limits = default.limits;
        let config = Self {
            listen: given.listen.unwrap_or(default.listen),
            address_file: given.address_file,
            web: given.web,
            genesis: given.genesis,
            origins: given.origin.unwrap_or_default(),
            names: names(given.name.unwrap_or_default())?,
            behind_proxy: given.behind_proxy.unwrap_or(default.behind_proxy),
            level: whole("level", given.level, default.level.into(), 0, LEVEL_MAX.into())? as u8,
            drain: seconds("drain-seconds", given.drain_seconds, default.drain, 0.0, 3600.0)?,
            log: given.log.unwrap_or(default.log),
            log_format: given.log_format.unwrap_or(default.log_format),
            limits: Limits {
                connections: whole("connections", given.connections, limits.connections, 1, 1_000_000)?,
                address_connections: whole(
                    "address-connections",
                    given.address_connections,
                    limits.address_connections,
                    1,
                    1_000_000,
                )?,
                address_rate: rate(
                    ["address-rate", "address-burst"],
                    given.address_rate,
                    given.address_burst,
                    limits.address_rate,
                )?,
                message_rate: rate(
                    ["message-rate", "message-burst"],
                    given.message_rate,
                    given.message_burst,
                    limits.message_rate,
                )?,
                receive_rate: rate(
                    ["receive-rate", "receive-burst"],
                    given.receive_rate,
                    given.receive_burst,
                    limits.receive_rate,
                )?,
                message_bytes: whole(
                    "message-bytes",
                    given.message_bytes,
                    limits.message_bytes,
                    256,
                    MESSAGE_MAX,
                )?,
                head: seconds("head-seconds", given.head_seconds, limits.head, 0.01, 3600.0)?,
                proof: seconds("proof-seconds", given.proof_seconds, limits.proof, 0.01, 3600.0)?,
                send: seconds("send-seconds", given.send_seconds, limits.send, 0.01, 3600.0)?,
                ping: seconds("ping-seconds", given.ping_seconds, limits.ping, 0.01, 3600.0)?,
                idle: seconds("idle-seconds", given.idle_seconds, limits.idle, 0.01, 86_400.0)?,
                queue_messages: whole(
                    "queue-messages",
                    given.queue_messages,
                    limits.queue_messages,
                    1,
                    65_536,
                )?,
                queue_bytes: whole("queue-bytes", given.queue_bytes, limits.queue_bytes, 256, 1 << 26)?,
            },
        };
        config.limits.check()?;
        Ok(config)
    }
}

impl Limits {
    fn check(&self) -> Result<(), ConfigError> {
        if self.ping >= self.idle {
            return Err(ConfigError::Contradiction(format!(
                "ping-seconds ({:?}) has to be below idle-seconds ({:?}), or every silent peer is closed unasked",
                self.ping, self.idle
            )));
        }
        if self.queue_bytes < self.message_bytes {
            return Err(ConfigError::Contradiction(format!(
                "queue-bytes ({}) has to be at least message-bytes ({}), or the largest message never passes",
                self.queue_bytes, self.message_bytes
            )));
        }
        Ok(())
    }
}

fn read_file(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|error| ConfigError::File { path: path.to_owned(), message: error.to_string() })
}

/// Host names, without scheme, port and path.
fn names(given: Vec<String>) -> Result<Vec<String>, ConfigError> {
    let is_wrong = |name: &&String| {
        let is_address = name.starts_with('[') && name.ends_with(']');
        name.is_empty() || name.contains(['/', ' ']) || !is_address && name.contains(':')
    };
    match given.iter().find(is_wrong) {
        None => Ok(given),
        Some(name) => Err(ConfigError::Contradiction(format!(
            "name is {name:?}, which is no host name: write it without scheme, port and path, such as mesh.example"
        ))),
    }
}

fn whole(
    key: &'static str,
    given: Option<u64>,
    default: usize,
    low: usize,
    high: usize,
) -> Result<usize, ConfigError> {
    let Some(value) = given else { return Ok(default) };
    match usize::try_from(value) {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(out_of_bounds(key, value as f64, low as f64, high as f64)),
    }
}

fn seconds(
    key: &'static str,
    given: Option<f64>,
    default: Duration,
    low: f64,
    high: f64,
) -> Result<Duration, ConfigError> {
    let Some(value) = given else { return Ok(default) };
    if !(low..=high).contains(&value) {
        return Err(out_of_bounds(key, value, low, high));
    }
    Ok(Duration::from_secs_f64(value))
}

fn rate(
    [rate_key, burst_key]: [&'static str; 2],
    per_second: Option<f64>,
    burst: Option<u64>,
    default: Rate,
) -> Result<Rate, ConfigError> {
    const HIGH: f64 = 1_000_000.0;
    let per_second = per_second.unwrap_or(default.per_second);
    if !(0.001..=HIGH).contains(&per_second) {
        return Err(out_of_bounds(rate_key, per_second, 0.001, HIGH));
    }
    let burst = whole(burst_key, burst, default.burst as usize, 1, HIGH as usize)?;
    Ok(Rate { per_second, burst: burst as u32 })
}

fn out_of_bounds(key: &'static str, value: f64, low: f64, high: f64) -> ConfigError {
    ConfigError::OutOfBounds { key, value, low, high }
}

impl fmt::Display for Config {
    /// The configuration as a file that would give it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&toml::to_string(&Settings::from(self)).map_err(|_| fmt::Error)?)
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let limits = &config.limits;
        let count = |value: usize| Some(value as u64);
        let seconds = |value: Duration| Some(value.as_secs_f64());
        Self {
            config: None,
            listen: Some(config.listen),
            address_file: config.address_file.clone(),
            web: config.web.clone(),
            genesis: config.genesis.clone(),
            origin: (!config.origins.is_empty()).then(|| config.origins.clone()),
            name: (!config.names.is_empty()).then(|| config.names.clone()),
            behind_proxy: Some(config.behind_proxy),
            level: Some(config.level.into()),
            connections: count(limits.connections),
            address_connections: count(limits.address_connections),
            address_rate: Some(limits.address_rate.per_second),
            address_burst: Some(limits.address_rate.burst.into()),
            message_rate: Some(limits.message_rate.per_second),
            message_burst: Some(limits.message_rate.burst.into()),
            receive_rate: Some(limits.receive_rate.per_second),
            receive_burst: Some(limits.receive_rate.burst.into()),
            message_bytes: count(limits.message_bytes),
            head_seconds: seconds(limits.head),
            proof_seconds: seconds(limits.proof),
            send_seconds: seconds(limits.send),
            ping_seconds: seconds(limits.ping),
            idle_seconds: seconds(limits.idle),
            queue_messages: count(limits.queue_messages),
            queue_bytes: count(limits.queue_bytes),
            drain_seconds: seconds(config.drain),
            log: Some(config.log.clone()),
            log_format: Some(config.log_format),
        }
    }
}

#[cfg(test)]
mod tests;
