//! What a new host is like. Everything has a default, so that what a test sets is what matters to it.

use tabmesh_engine::{Config, Profile, PublicKey, sha256};

use super::ids::HostId;

/// A host to be; see [`World::add`](super::World::add).
#[derive(Clone)]
pub(crate) struct Spec {
    /// What it can afford.
    pub(crate) profile: Profile,
    /// The network's name.
    pub(crate) network: &'static str,
    /// The security level that it demands of others.
    pub(crate) level: u8,
    /// The security level of its own id: at least so many zero bits, and not one more where it is `exact`.
    pub(crate) own_level: u8,
    /// Whether its own level is exactly `own_level`.
    pub(crate) exact: bool,
    /// Whether it knows the signalling server.
    pub(crate) signalling: bool,
    /// Whether it listens on a public WebSocket address.
    pub(crate) listens: bool,
    /// Whose WebSocket addresses its shell knows.
    pub(crate) knows: Vec<HostId>,
    /// Whether its shell remembers the addresses that it hears of.
    pub(crate) learns: bool,
    /// How much too fast its clocks run, in millionths.
    pub(crate) clock_skew_ppm: i64,
    /// How far its wall clock is off, in seconds.
    pub(crate) wall_offset_s: i64,
    /// Bytes a second that it can send.
    pub(crate) up_rate: u32,
    /// Bytes a second that it can take.
    pub(crate) down_rate: u32,
    /// How many blocks its store takes.
    pub(crate) blocks_max: u64,
}

impl Spec {
    /// A tab that joins through the signalling server.
    pub(crate) fn browser() -> Self {
        Self {
            profile: Profile::Browser,
            network: "test",
            level: 0,
            own_level: 0,
            exact: false,
            signalling: true,
            listens: false,
            knows: Vec::new(),
            learns: true,
            clock_skew_ppm: 0,
            wall_offset_s: 0,
            up_rate: 1_250_000,
            down_rate: 5_000_000,
            blocks_max: 10_000,
        }
    }

    /// An always-on peer that joins through the signalling server and listens on an address.
    pub(crate) fn native() -> Self {
        let rate = 12_500_000;
        Self { profile: Profile::Native, listens: true, up_rate: rate, down_rate: rate, ..Self::browser() }
    }

    /// A small device that joins through the signalling server.
    pub(crate) fn device() -> Self {
        Self { profile: Profile::Device, ..Self::browser() }
    }

    /// The same, but without a signalling server.
    pub(crate) fn without_signalling(self) -> Self {
        Self { signalling: false, ..self }
    }

    /// The same, but knowing the WebSocket addresses of `hosts`.
    pub(crate) fn knowing(self, hosts: &[HostId]) -> Self {
        Self { knows: hosts.to_vec(), ..self }
    }

    /// The first 8 bytes of SHA-256 of the network's name.
    pub(crate) fn network_id(&self) -> [u8; 8] {
        std::array::from_fn(|at| sha256(self.network.as_bytes())[at])
    }

    /// What the engine is told, for the host of this number.
    pub(crate) fn config(&self, host: HostId, key: PublicKey, seed: u64) -> Config {
        Config {
            key,
            seed: sha256(&seed.to_be_bytes()),
            network: self.network_id(),
            level: self.level,
            profile: self.profile,
            address: if self.listens { address(host) } else { Vec::new() },
            addresses: self.knows.len() as u16,
            signalling: self.signalling,
            relay: self.profile == Profile::Native,
        }
    }
}

/// The WebSocket address of a listening host.
pub(crate) fn address(host: HostId) -> Vec<u8> {
    format!("wss://host-{}.test", host.0).into_bytes()
}

/// The host that listens on this address.
pub(crate) fn host_at(address: &[u8]) -> Option<HostId> {
    let name = std::str::from_utf8(address).ok()?;
    name.strip_prefix("wss://host-")?.strip_suffix(".test")?.parse().ok().map(HostId)
}
