//! One source of settings: what a file, or the environment and the flags, say. Everything is optional.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use tabmesh_bounds::LEVEL_MAX;

use super::error::SettingsError;
use super::parse;

/// What one source says. The same names everywhere: `--data-dir`, `TABMESH_DATA_DIR`, `data-dir = …`.
///
/// The flags and the environment are read by clap, flags first; a file is TOML, where an unknown key is an error.
#[derive(Args, Clone, Default, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layer {
    /// Where the key, the blocks and the control socket live; made if missing
    #[arg(long, env = "TABMESH_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Name of the network; nodes of different networks never link [default: tabmesh]
    #[arg(long, env = "TABMESH_NETWORK", value_name = "NAME", help_heading = NETWORK)]
    pub network: Option<String>,

    /// Security level of the network: leading zero bits that SHA-256 of an id must have
    #[arg(
        long,
        env = "TABMESH_LEVEL",
        value_name = "BITS",
        value_parser = parse::level,
        help_heading = NETWORK,
        help = level_help()
    )]
    #[serde(default, deserialize_with = "parse::level_in_file")]
    pub level: Option<u8>,

    /// Signalling server, such as wss://example.org/signal; several are tried in turn
    #[arg(long, env = "TABMESH_SIGNALLING", value_name = "URL", value_delimiter = ',', help_heading = NETWORK)]
    pub signalling: Option<Vec<String>>,

    /// WebSocket address of a peer (ws:// or wss://) to join through; may be given several times
    #[arg(long, env = "TABMESH_PEER", value_name = "URL", value_delimiter = ',', help_heading = NETWORK)]
    pub peer: Option<Vec<String>>,

    /// Accept peers by WebSocket on this address and port; port 0 takes a free one
    #[arg(
        long,
        env = "TABMESH_LISTEN",
        value_name = "ADDR:PORT",
        value_parser = parse::place,
        help_heading = REACH
    )]
    #[serde(default, deserialize_with = "parse::place_in_file")]
    pub listen: Option<SocketAddr>,

    /// Serve /healthz and /metrics here instead of on the --listen address
    #[arg(
        long,
        env = "TABMESH_HTTP",
        value_name = "ADDR:PORT",
        value_parser = parse::place,
        help_heading = REACH
    )]
    #[serde(default, deserialize_with = "parse::place_in_file")]
    pub http: Option<SocketAddr>,

    /// The public ws:// or wss:// address under which others reach --listen; told to every peer
    #[arg(long, env = "TABMESH_ANNOUNCE", value_name = "URL", help_heading = REACH)]
    pub announce: Option<String>,

    /// Write the real --listen address (or --http, without it) to this file once it is bound
    #[arg(long, env = "TABMESH_ADDRESS_FILE", value_name = "FILE", help_heading = REACH)]
    pub address_file: Option<PathBuf>,

    /// Dial addresses of this host and of private networks that peers claim [default: as far as --signalling, --peer and
    /// --announce name such addresses]
    #[arg(long, env = "TABMESH_PRIVATE_ADDRESSES", value_name = "BOOL", help_heading = REACH)]
    pub private_addresses: Option<bool>,

    /// Bind WebRTC to these addresses [default: `0.0.0.0:0` and `[::]:0`, that is every interface but loopback]
    #[arg(
        long,
        env = "TABMESH_UDP",
        value_name = "ADDR:PORT",
        value_parser = parse::place,
        value_delimiter = ',',
        help_heading = REACH
    )]
    #[serde(default, deserialize_with = "parse::places_in_file")]
    pub udp: Option<Vec<SocketAddr>>,

    /// STUN server such as stun:stun.example.org:3478; may be given several times
    #[arg(long, env = "TABMESH_STUN", value_name = "URL", value_delimiter = ',', help_heading = REACH)]
    pub stun: Option<Vec<String>>,

    /// TURN server such as turn:turn.example.org:3478; needs --turn-username and --turn-credential
    #[arg(long, env = "TABMESH_TURN", value_name = "URL", value_delimiter = ',', help_heading = REACH)]
    pub turn: Option<Vec<String>>,

    /// User name for every TURN server
    #[arg(long, env = "TABMESH_TURN_USERNAME", value_name = "NAME", help_heading = REACH)]
    pub turn_username: Option<String>,

    /// Password for every TURN server
    #[arg(
        long,
        env = "TABMESH_TURN_CREDENTIAL",
        hide_env_values = true,
        value_name = "SECRET",
        help_heading = REACH
    )]
    pub turn_credential: Option<String>,

    /// Carry sealed packets between peers that cannot connect directly [default: true, for a device false]
    #[arg(long, env = "TABMESH_RELAY", value_name = "BOOL", help_heading = HOST)]
    pub relay: Option<bool>,

    /// What this host can afford: native (256 links) or device (8) [default: native]
    #[arg(long, env = "TABMESH_PROFILE", value_name = "PROFILE", help_heading = HOST)]
    pub profile: Option<HostProfile>,

    /// Most bytes of blocks to keep, such as 500MB or 10GiB [default: 10GiB]
    #[arg(long, env = "TABMESH_QUOTA", value_name = "SIZE", value_parser = parse::size, help_heading = HOST)]
    #[serde(default, deserialize_with = "parse::size_in_file")]
    pub quota: Option<ByteSize>,

    /// Make the identity from the first line of this file instead of a random key file
    #[arg(long, env = "TABMESH_PASSPHRASE_FILE", value_name = "FILE", help_heading = HOST)]
    pub passphrase_file: Option<PathBuf>,

    /// Salt that keeps equal passphrases apart, such as an e-mail address; used with --passphrase-file
    #[arg(long, env = "TABMESH_SALT", value_name = "TEXT", help_heading = HOST)]
    pub salt: Option<String>,

    /// Attach a module: a .wasm, at the port of its name, such as 'tabmesh counter v1=counter.wasm'; may be given several times
    #[arg(long, env = "TABMESH_MODULE", value_name = "NAME=PATH", value_delimiter = ',', help_heading = HOST)]
    pub module: Option<Vec<String>>,

    /// Run tasks of others on this host: their modules, in a sandbox, on its electricity [default: false]
    #[arg(long, env = "TABMESH_OFFER", value_name = "BOOL", help_heading = OFFER)]
    pub offer: Option<bool>,

    /// How many tasks to run at a time [default: one less than the processors of this host, at least 1]
    #[arg(long, env = "TABMESH_OFFER_CORES", value_name = "N", help_heading = OFFER)]
    pub offer_cores: Option<u8>,

    /// The highest limit of gas of a task; 10^9 takes from a tenth of a second to some seconds [default: 100000000000]
    #[arg(long, env = "TABMESH_OFFER_GAS", value_name = "N", help_heading = OFFER)]
    pub offer_gas: Option<u64>,

    /// The most memory of a task, such as 64MiB [default: 256MiB]
    #[arg(long, env = "TABMESH_OFFER_MEMORY", value_name = "SIZE", value_parser = parse::size, help_heading = OFFER)]
    #[serde(default, deserialize_with = "parse::size_in_file")]
    pub offer_memory: Option<ByteSize>,

    /// The longest input of a task, such as 1MiB [default: 16MiB]
    #[arg(long, env = "TABMESH_OFFER_INPUT", value_name = "SIZE", value_parser = parse::size, help_heading = OFFER)]
    #[serde(default, deserialize_with = "parse::size_in_file")]
    pub offer_input: Option<ByteSize>,

    /// How long a task may take, in seconds; what takes longer is ended without a result [default: 300]
    #[arg(long, env = "TABMESH_OFFER_SECONDS", value_name = "N", help_heading = OFFER)]
    pub offer_seconds: Option<u32>,

    /// Bytes of inputs and modules to fetch for others in an hour; no requester gets more than half of what others leave [default: 16GiB]
    #[arg(long, env = "TABMESH_OFFER_BYTES", value_name = "SIZE", value_parser = parse::size, help_heading = OFFER)]
    #[serde(default, deserialize_with = "parse::size_in_file")]
    pub offer_bytes: Option<ByteSize>,

    /// Whose this node is, by a name of 1 to 32 bytes: nodes of one owner count as one where answers are checked
    #[arg(long, env = "TABMESH_OFFER_OWNER", value_name = "NAME", help_heading = OFFER)]
    pub offer_owner: Option<String>,

    /// Take part in the ledger that begins with this genesis: its file, as `tabmesh ledger genesis new` makes it, or its bytes
    #[arg(long, env = "TABMESH_LEDGER", value_name = "FILE", help_heading = LEDGER)]
    pub ledger: Option<PathBuf>,

    /// The ledger begins: this node is a voter of the genesis, and has never voted in it. For the first start alone
    #[arg(
        long,
        env = "TABMESH_LEDGER_BEGIN",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = LEDGER
    )]
    pub ledger_begin: Option<bool>,

    /// On a test network, give so many credits to whoever asks, such as 5 or 0.5
    #[arg(long, env = "TABMESH_FAUCET", value_name = "CREDITS", help_heading = LEDGER)]
    pub faucet: Option<String>,

    /// Log as text or json, to standard error [default: text]
    #[arg(long, env = "TABMESH_LOG_FORMAT", value_name = "FORMAT", help_heading = HOST)]
    pub log_format: Option<LogFormat>,

    /// What to log: a level, or filters such as info,tabmesh_native=debug [default: info]
    #[arg(long, env = "TABMESH_LOG", value_name = "FILTER", help_heading = HOST)]
    pub log: Option<String>,
}

fn level_help() -> String {
    format!(
        "Security level of the network: leading zero bits that SHA-256 of an id must have, 0 to {LEVEL_MAX} [default: 0]"
    )
}

const NETWORK: &str = "Network";
const REACH: &str = "How others reach this node";
const HOST: &str = "This host";
const OFFER: &str = "Tasks of others";
const LEDGER: &str = "The ledger";

/// What the host can afford: `native` or `device`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HostProfile {
    /// An always-on native peer: 256 links.
    Native,
    /// A small device: 8 links.
    Device,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

impl fmt::Display for HostProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
            Self::Device => "device",
        })
    }
}

impl Layer {
    /// Reads a TOML file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no TOML, or has a key or value that is no setting; the message names the line.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| SettingsError::Syntax { path: path.to_owned(), message: error.to_string() })
    }

    /// What `self` says, and where it says nothing, what `below` says.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(below.data_dir),
            network: self.network.or(below.network),
            level: self.level.or(below.level),
            signalling: self.signalling.or(below.signalling),
            peer: self.peer.or(below.peer),
            listen: self.listen.or(below.listen),
            http: self.http.or(below.http),
            announce: self.announce.or(below.announce),
            address_file: self.address_file.or(below.address_file),
            private_addresses: self.private_addresses.or(below.private_addresses),
            udp: self.udp.or(below.udp),
            stun: self.stun.or(below.stun),
            turn: self.turn.or(below.turn),
            turn_username: self.turn_username.or(below.turn_username),
            turn_credential: self.turn_credential.or(below.turn_credential),
            relay: self.relay.or(below.relay),
            profile: self.profile.or(below.profile),
            quota: self.quota.or(below.quota),
            passphrase_file: self.passphrase_file.or(below.passphrase_file),
            salt: self.salt.or(below.salt),
            module: self.module.or(below.module),
            offer: self.offer.or(below.offer),
            offer_cores: self.offer_cores.or(below.offer_cores),
            offer_gas: self.offer_gas.or(below.offer_gas),
            offer_memory: self.offer_memory.or(below.offer_memory),
            offer_input: self.offer_input.or(below.offer_input),
            offer_seconds: self.offer_seconds.or(below.offer_seconds),
            offer_bytes: self.offer_bytes.or(below.offer_bytes),
            offer_owner: self.offer_owner.or(below.offer_owner),
            ledger: self.ledger.or(below.ledger),
            ledger_begin: self.ledger_begin.or(below.ledger_begin),
            faucet: self.faucet.or(below.faucet),
            log_format: self.log_format.or(below.log_format),
            log: self.log.or(below.log),
        }
    }
}
