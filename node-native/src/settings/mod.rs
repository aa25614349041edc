//! What a node is told before it starts: flags over environment over file over defaults, checked once.

mod error;
mod layer;
mod ledger;
mod modules;
mod offer;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::PathBuf;

use tabmesh_bounds::LEVEL_MAX;
use tabmesh_engine::{Profile, limits};
use url::Url;

pub use error::SettingsError;
pub use layer::{HostProfile, Layer, LogFormat};
pub use ledger::LedgerSettings;
pub use modules::NamedModule;
use modules::named_modules;
pub(crate) use offer::NO_OWNER;
pub use offer::{Offer, owner_of};

use crate::addresses::{Reach, claimed, reach_named};
use crate::task::Compiler;

/// The smallest quota: room for the blocks of one small file and its tree.
const QUOTA_MIN: u64 = 1 << 20;

/// The most signalling servers, and the most peers, that can be configured.
const URLS_MAX: usize = 64;

/// Everything a node needs to know, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Where key, blocks and control socket live.
    pub data_dir: PathBuf,
    /// The network's name.
    pub network: String,
    /// Leading zero bits that SHA-256 of an id must have; at most [`LEVEL_MAX`].
    pub level: u8,
    /// Signalling servers, tried in turn.
    pub signalling: Vec<Url>,
    /// WebSocket addresses of peers.
    pub peers: Vec<Url>,
    /// Where to accept WebSockets.
    pub listen: Option<SocketAddr>,
    /// Where to serve health and metrics, if not on `listen`.
    pub http: Option<SocketAddr>,
    /// The public address of `listen`.
    pub announce: Option<Url>,
    /// Gets the real address of `listen` (or of `http` without it) once it is bound.
    pub address_file: Option<PathBuf>,
    /// Whether addresses of this host and of private networks are dialled that peers claim; where it does not say, as far
    /// as [`Settings::reach`] finds.
    pub private_addresses: Option<bool>,
    /// What WebRTC binds to.
    pub udp: Vec<SocketAddr>,
    /// STUN and TURN servers.
    pub ice: Vec<IceServer>,
    /// Whether to carry sealed packets between peers that cannot connect directly.
    pub relay: bool,
    /// What the host can afford.
    pub profile: HostProfile,
    /// Most bytes of blocks to keep.
    pub quota: u64,
    /// Where the passphrase is, if the identity comes from one.
    pub passphrase_file: Option<PathBuf>,
    /// Keeps equal passphrases apart.
    pub salt: String,
    /// Modules to attach: at most 16, each at a port of its own.
    pub modules: Vec<NamedModule>,
    /// Whether to run tasks of others from the start.
    pub offers: bool,
    /// What they are given.
    pub offer: Offer,
    /// Where modules of others become code: in this process, unless whoever starts the node says otherwise. The command `tabmesh` has them
    /// compiled by a process of its own.
    pub compiler: Compiler,
    /// The ledger to take part in.
    pub ledger: Option<LedgerSettings>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What to log.
    pub log: String,
}

/// A STUN server, or a TURN server with its credentials (both empty for STUN).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` URL.
    pub url: String,
    /// User name.
    pub username: String,
    /// Password.
    pub credential: String,
}

impl Settings {
    /// Settings with every default and this data directory; what tests start from.
    pub fn at(data_dir: impl Into<PathBuf>) -> Self {
        let layer = Layer { data_dir: Some(data_dir.into()), ..Layer::default() };
        Self::resolve(layer).unwrap_or_else(|_| unreachable!("the defaults are within their bounds"))
    }

    /// Fills in defaults and checks every value.
    ///
    /// # Errors
    ///
    /// The first setting that is out of its bounds.
    pub fn resolve(layer: Layer) -> Result<Self, SettingsError> {
        let data_dir = match &layer.data_dir {
            Some(dir) => dir.clone(),
            None => default_data_dir()?,
        };
        let level = layer.level.unwrap_or(0);
        if level > LEVEL_MAX {
            let problem = format!(
                "is above {LEVEL_MAX}; choose 0 to {LEVEL_MAX}: no tab makes a key of a higher level"
            );
            return Err(value("level", level, problem));
        }
        let quota = layer.quota.map_or(10 << 30, |size| size.as_u64());
        if quota < QUOTA_MIN {
            return Err(value("quota", quota, "is below 1MiB; give the node more room"));
        }
        let profile = layer.profile.unwrap_or(HostProfile::Native);
        let offer = Offer::resolve(&layer)?;
        let network = layer.network.unwrap_or_else(|| "tabmesh".to_owned());
        if network.is_empty() || network.len() > 255 {
            return Err(value("network", network, "must be 1 to 255 bytes long"));
        }
        Ok(Self {
            data_dir,
            network,
            level,
            signalling: socket_urls("signalling", layer.signalling.unwrap_or_default())?,
            peers: socket_urls("peer", layer.peer.unwrap_or_default())?,
            listen: layer.listen,
            http: layer.http,
            announce: layer.announce.map(announced).transpose()?,
            address_file: layer.address_file,
            private_addresses: layer.private_addresses,
            udp: layer.udp.unwrap_or_else(every_interface),
            ice: ice_servers(
                layer.stun.unwrap_or_default(),
                layer.turn.unwrap_or_default(),
                layer.turn_username.unwrap_or_default(),
                layer.turn_credential.unwrap_or_default(),
            )?,
            relay: layer.relay.unwrap_or(profile == HostProfile::Native),
            profile,
            quota,
            salt: salt(layer.salt, layer.passphrase_file.is_some())?,
            passphrase_file: layer.passphrase_file,
            modules: named_modules(layer.module.unwrap_or_default())?,
            offers: layer.offer.unwrap_or(false),
            offer,
            compiler: Compiler::Here,
            ledger: ledger::ledger_of(layer.ledger, layer.ledger_begin, layer.faucet)?,
            log_format: layer.log_format.unwrap_or(LogFormat::Text),
            log: layer.log.unwrap_or_else(|| "info".to_owned()),
        })
    }

    /// The Unix socket by which commands reach the running node.
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("control.sock")
    }

    /// How far claims of peers are followed: where nothing is said, as far as the node's own servers, peers and address lie.
    pub fn reach(&self) -> Reach {
        let named = self.signalling.iter().chain(&self.peers).chain(&self.announce).map(reach_named).max();
        match self.private_addresses {
            Some(true) => Reach::Loopback,
            Some(false) => Reach::Public,
            None => named.unwrap_or(Reach::Public),
        }
    }

    /// What the network's name is on the wire: the first 8 bytes of its SHA-256.
    pub fn network_tag(&self) -> [u8; 8] {
        let hash = tabmesh_engine::sha256(self.network.as_bytes());
        let mut tag = [0; 8];
        tag.copy_from_slice(&hash[..8]);
        tag
    }

    /// The engine's word for the profile.
    pub fn engine_profile(&self) -> Profile {
        match self.profile {
            HostProfile::Native => Profile::Native,
            HostProfile::Device => Profile::Device,
        }
    }
}

/// Reads the address of a WebSocket, as configured or as another peer claims it: `ws://` or `wss://`, with a host,
/// without a fragment or credentials, at most [`limits::ADDRESS_MAX`] bytes. `None` if it is none.
pub fn socket_url(text: &str) -> Option<Url> {
    if text.len() > limits::ADDRESS_MAX {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_socket = matches!(url.scheme(), "ws" | "wss") && url.has_host() && url.fragment().is_none();
    (is_socket && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Both wildcards: webrtc expands them to every interface but loopback.
fn every_interface() -> Vec<SocketAddr> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    vec![(Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv6Addr::UNSPECIFIED, 0).into()]
}

fn default_data_dir() -> Result<PathBuf, SettingsError> {
    dirs::data_dir().map(|dir| dir.join("tabmesh")).ok_or(SettingsError::NoDataDir)
}

/// A passphrase needs one: without, whoever tries passphrases tries them on everybody at once.
fn salt(salt: Option<String>, is_needed: bool) -> Result<String, SettingsError> {
    match salt {
        None if is_needed => Err(SettingsError::NoSalt),
        salt => Ok(salt.unwrap_or_default()),
    }
}

fn value(name: &'static str, value: impl ToString, problem: impl Into<Cow<'static, str>>) -> SettingsError {
    SettingsError::Value { name, value: value.to_string(), problem: problem.into() }
}

const NOT_A_SOCKET: &str =
    "is no WebSocket address; write ws://host:port or wss://host, at most 128 bytes, without user name or #";

const NOT_DIALLED: &str = "no other node dials: the path is / or /peer, the port 80, 443, or 1024 and above, the host one that \
                           can be reached";

fn socket_urls(name: &'static str, texts: Vec<String>) -> Result<Vec<Url>, SettingsError> {
    if texts.len() > URLS_MAX {
        return Err(value(name, texts.len(), "addresses is too many; give at most 64"));
    }
    texts.into_iter().map(|text| socket_url(&text).ok_or_else(|| value(name, text, NOT_A_SOCKET))).collect()
}

fn announced(text: String) -> Result<Url, SettingsError> {
    if socket_url(&text).is_none() {
        return Err(value("announce", text, NOT_A_SOCKET));
    }
    claimed(&text).map(|claim| claim.url).ok_or_else(|| value("announce", text, NOT_DIALLED))
}

fn ice_servers(
    stun: Vec<String>,
    turn: Vec<String>,
    username: String,
    credential: String,
) -> Result<Vec<IceServer>, SettingsError> {
    let mut servers = Vec::new();
    for url in stun {
        if !url.starts_with("stun:") {
            return Err(value("stun", url, "is no STUN server; write stun:host:port"));
        }
        servers.push(IceServer { url, username: String::new(), credential: String::new() });
    }
    for url in turn {
        if !(url.starts_with("turn:") || url.starts_with("turns:")) {
            return Err(value("turn", url, "is no TURN server; write turn:host:port"));
        }
        if username.is_empty() || credential.is_empty() {
            return Err(value("turn", url, "needs turn-username and turn-credential beside it"));
        }
        servers.push(IceServer { url, username: username.clone(), credential: credential.clone() });
    }
    Ok(servers)
}
