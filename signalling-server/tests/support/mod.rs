//! A server in this process, and peers that talk to it over real sockets on the loopback.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod http;
pub mod raw;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::LazyLock;

use futures_util::{SinkExt, StreamExt};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use tabmesh_engine::wire::signal::{FromServer, Refusal, ToServer, proof_bytes};
use tabmesh_engine::{NodeId, PublicKey, Signature};
use tabmesh_signalling::{Config, Limits, Server, Stopper};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

pub use self::http::PATIENCE;

/// The network that peers of these tests belong to.
pub const NETWORK: [u8; 8] = *b"testmesh";

/// The id of a refusal about nobody.
pub const NOBODY: NodeId = NodeId([0; 32]);

static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);

/// A running server; dropping it leaves it to the end of the test's runtime.
pub struct TestServer {
    pub address: SocketAddr,
    pub stopper: Stopper,
    run: JoinHandle<bool>,
}

impl TestServer {
    /// A server with the defaults, on a free port.
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    /// A server with other limits.
    pub async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let mut config = Config::default();
        change(&mut config.limits);
        Self::with(config).await
    }

    /// A server with this configuration, but on a free port of the loopback.
    pub async fn with(config: Config) -> Self {
        let config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..config };
        let server = Server::bind(config).await.unwrap();
        let (address, stopper) = (server.address(), server.stopper());
        Self { address, stopper, run: tokio::spawn(server.run()) }
    }

    /// Waits until the server has stopped; whether every peer had left.
    pub async fn ended(self) -> bool {
        timeout(PATIENCE, self.run).await.expect("the server stops").unwrap()
    }

    /// The value of a line of the metrics page, without the common prefix of the names.
    pub async fn metric(&self, name: &str) -> u64 {
        let page = http::get(self.address, "/metrics").await.text();
        let values: HashMap<_, _> = page.lines().filter_map(|line| line.rsplit_once(' ')).collect();
        let name = format!("tabmesh_signalling_{name}");
        values.get(name.as_str()).unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
    }

    /// Asks for a metric until it has the value; for what the server does after it has answered.
    pub async fn metric_becomes(&self, name: &str, value: u64) {
        let asked = async {
            while self.metric(name).await != value {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{name} never becomes {value}"));
    }
}

/// A key of its own.
pub struct Identity {
    pair: EcdsaKeyPair,
    pub key: PublicKey,
    pub id: NodeId,
}

impl Identity {
    pub fn new() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &*RANDOM).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &*RANDOM).unwrap();
        let key = PublicKey::from_sec1(pair.public_key().as_ref()).unwrap();
        Self { pair, key, id: NodeId::of_key(&key) }
    }

    pub fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.pair.sign(&*RANDOM, bytes).unwrap().as_ref().try_into().unwrap())
    }

    /// The message that proves this key to a server on the loopback.
    pub fn prove(&self, nonce: &[u8; 32], network: [u8; 8], flags: u8) -> Vec<u8> {
        self.prove_to("127.0.0.1", nonce, network, flags)
    }

    /// The message that proves this key to a server of this name.
    pub fn prove_to(&self, server: &str, nonce: &[u8; 32], network: [u8; 8], flags: u8) -> Vec<u8> {
        let signature = self.sign(&proof_bytes(nonce, &network, flags, server.as_bytes()));
        ToServer::Prove { flags, network: &network, key: &self.key, signature: &signature }.emit()
    }
}

/// What the server said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Challenge { level: u8, nonce: [u8; 32] },
    Welcome(Vec<(NodeId, u8)>),
    Deliver { from: NodeId, envelope: Vec<u8> },
    Refused(Refusal, NodeId),
    Closed(Option<u16>),
}

impl Heard {
    pub fn parse(bytes: &[u8]) -> Self {
        match FromServer::parse(bytes).unwrap_or_else(|| panic!("no message: {bytes:?}")) {
            FromServer::Challenge { level, nonce } => Self::Challenge { level, nonce: *nonce },
            FromServer::Welcome { peers } => Self::Welcome(peers),
            FromServer::Deliver { from, envelope } => {
                Self::Deliver { from: *from, envelope: envelope.to_vec() }
            }
            FromServer::Refused { refusal, about } => Self::Refused(refusal, *about),
        }
    }
}

/// A WebSocket to a server.
pub struct Peer {
    pub socket: WebSocketStream<TcpStream>,
    pub identity: Identity,
}

impl Peer {
    /// Connects; the challenge is still to be read.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), address).await
    }

    /// Connects with a receive buffer that does not grow.
    pub async fn connect_with_small_buffer(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(65_536).unwrap();
        Self::over(socket.connect(address).await.unwrap(), address).await
    }

    async fn over(stream: TcpStream, address: SocketAddr) -> Self {
        stream.set_nodelay(true).unwrap();
        let request = format!("ws://{address}/signal").into_client_request().unwrap();
        let (socket, _) = client_async(request, stream).await.unwrap();
        Self { socket, identity: Identity::new() }
    }

    /// Connects and proves a new key; the peer and whom it was introduced to.
    pub async fn join(address: SocketAddr, network: [u8; 8], flags: u8) -> (Self, Vec<(NodeId, u8)>) {
        let mut peer = Self::connect(address).await;
        let peers = peer.prove(network, flags).await;
        (peer, peers)
    }

    /// Connects and proves a new key in the common network.
    pub async fn joined(address: SocketAddr) -> Self {
        Self::join(address, NETWORK, 0).await.0
    }

    pub fn id(&self) -> NodeId {
        self.identity.id
    }

    /// Reads the challenge.
    pub async fn challenge(&mut self) -> (u8, [u8; 32]) {
        match self.hear().await {
            Heard::Challenge { level, nonce } => (level, nonce),
            other => panic!("no challenge but {other:?}"),
        }
    }

    /// Reads the challenge, answers it, and reads the welcome.
    pub async fn prove(&mut self, network: [u8; 8], flags: u8) -> Vec<(NodeId, u8)> {
        let (_, nonce) = self.challenge().await;
        let proof = self.identity.prove(&nonce, network, flags);
        self.send(proof).await;
        self.welcome().await
    }

    /// Reads a welcome.
    pub async fn welcome(&mut self) -> Vec<(NodeId, u8)> {
        match self.hear().await {
            Heard::Welcome(peers) => peers,
            other => panic!("no welcome but {other:?}"),
        }
    }

    /// Asks for introductions again.
    pub async fn introduce(&mut self) -> Vec<(NodeId, u8)> {
        self.send(ToServer::Introduce.emit()).await;
        self.welcome().await
    }

    pub async fn relay(&mut self, to: NodeId, envelope: &[u8]) {
        self.send(ToServer::Relay { to: &to, envelope }.emit()).await;
    }

    pub async fn send(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next thing the server says; pings are answered on the way.
    pub async fn hear(&mut self) -> Heard {
        timeout(PATIENCE, self.hear_patiently()).await.expect("the server says something")
    }

    /// Waits for this many pings; the server says nothing else meanwhile.
    pub async fn is_pinged(&mut self, times: usize) {
        for _ in 0..times {
            match timeout(PATIENCE, self.socket.next()).await.expect("the server pings") {
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("no ping but {other:?}"),
            }
        }
    }

    async fn hear_patiently(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Heard::parse(&bytes),
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(other)) => panic!("the server never says {other:?}"),
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    /// The server says this, closes with this code, and the socket ends.
    pub async fn is_refused(&mut self, refusal: Refusal, code: u16) {
        assert_eq!(self.hear().await, Heard::Refused(refusal, NOBODY));
        assert_eq!(self.hear().await, Heard::Closed(Some(code)));
        assert_eq!(self.hear().await, Heard::Closed(None));
    }

    /// Closes as a browser does, and waits until the server has closed too.
    pub async fn leave(mut self) {
        self.socket.close(None).await.unwrap();
        while !matches!(self.hear().await, Heard::Closed(_)) {}
    }
}
