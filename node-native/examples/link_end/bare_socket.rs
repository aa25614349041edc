//! The yardstick of links over WebSockets: one WebSocket and nothing else. It also meets `bare.js` in a page.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async};

use crate::failure::Failure;

/// Bytes of one bulk message: as much as one frame of ours carries.
const BULK: usize = 32 * 1024;

/// How long connecting may take.
const LINK_MAX: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An open WebSocket.
#[derive(Clone)]
pub(crate) struct Wire {
    sink: Arc<Mutex<SplitSink<Socket, Message>>>,
    stream: Arc<Mutex<SplitStream<Socket>>>,
}

impl Wire {
    /// Its address, and the task that ends when somebody has connected.
    pub(crate) async fn accept() -> Result<(String, JoinHandle<Result<Self, Failure>>), Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("ws://{}", listener.local_addr()?);
        let accepting = tokio::spawn(async move {
            let (stream, _) = timeout(LINK_MAX, listener.accept()).await??;
            stream.set_nodelay(true)?;
            Ok(Self::over(accept_async(MaybeTlsStream::Plain(stream)).await?))
        });
        Ok((url, accepting))
    }

    /// Opens a WebSocket to `url`.
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let (socket, _) = timeout(LINK_MAX, connect_async(url)).await??;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_nodelay(true)?;
        }
        Ok(Self::over(socket))
    }

    fn over(socket: Socket) -> Self {
        let (sink, stream) = socket.split();
        Self { sink: Arc::new(Mutex::new(sink)), stream: Arc::new(Mutex::new(stream)) }
    }

    pub(crate) async fn send(&self, message: Vec<u8>) -> Result<(), Failure> {
        Ok(self.sink.lock().await.send(Message::binary(message)).await?)
    }

    pub(crate) async fn next(&self) -> Result<Vec<u8>, Failure> {
        let mut stream = self.stream.lock().await;
        loop {
            match stream.next().await.ok_or("the socket closed")?? {
                Message::Binary(bytes) => return Ok(bytes.into()),
                Message::Close(_) => return Err("the socket closed".into()),
                _ => {}
            }
        }
    }

    pub(crate) async fn flood(&self, end: Instant) -> Result<(), Failure> {
        let message = Bytes::from(vec![0; BULK]);
        let mut sink = self.sink.lock().await;
        while Instant::now() < end {
            sink.send(Message::Binary(message.clone())).await?;
        }
        Ok(())
    }
}
