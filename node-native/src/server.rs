//! The HTTP door: WebSockets of peers, `/healthz` and `/metrics`.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, body::Incoming as Body};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::driver::{Handle, Incoming};
use crate::identity::hex;
use crate::link::socket;
use crate::metrics::{self, Metrics};
use crate::shares::{Shares, host_of};

/// HTTP requests and WebSocket handshakes under way, per listener, and those of one address among them. Beyond it
/// connections are closed unread. Behind a proxy all come from the proxy, which sends no request before it has the whole.
const CONNECTIONS_MAX: usize = 256;
const CONNECTIONS_OF_ADDRESS_MAX: usize = 32;

/// How long a client may take to say what it wants.
const HEAD_TIME_MAX: Duration = Duration::from_secs(3);

/// How long one HTTP request, or the way to a WebSocket, may take.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// Bytes of a request's head, and what hyper reads at once.
const HEAD_MAX: usize = 8 * 1024;

/// How long the driver may take to answer before the node counts as ill.
const HEALTH_MAX: Duration = Duration::from_secs(2);

/// Why a listener does not start. The message says what to do.
#[derive(Debug, Error)]
#[error(
    "cannot listen on {address}: {source}; choose a free port (port 0 takes one) and an address of this host"
)]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// What a listener serves.
#[derive(Clone)]
pub(crate) struct Doors {
    /// Where WebSockets of peers go; `None` where they are not taken.
    pub(crate) mesh: Option<mpsc::Sender<Incoming>>,
    /// Whether `/healthz` and `/metrics` are served.
    pub(crate) is_observed: bool,
    /// The node.
    pub(crate) handle: Handle,
}

/// Binds a listener; the address it really has.
pub(crate) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source| BindError { address, source })
}

/// Serves until the task is aborted. Every connection is a task of its own, bounded in number and in time.
pub(crate) async fn serve(listener: TcpListener, doors: Doors) {
    let doors = Arc::new(doors);
    let room = Shares::new(CONNECTIONS_MAX, CONNECTIONS_OF_ADDRESS_MAX);
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: waiting lets some close.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = room.enter(host_of(address.ip())) else {
            doors.handle.metrics().refused.inc();
            continue;
        };
        let doors = doors.clone();
        tokio::spawn(async move {
            serve_connection(stream, doors).await;
            drop(place);
        });
    }
}

async fn serve_connection(stream: TcpStream, doors: Arc<Doors>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let doors = doors.clone();
        async move { Ok::<_, Infallible>(answer(request, &doors).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(REQUEST_MAX, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a request was no HTTP"),
        Err(_) => tracing::debug!("a request took too long"),
    }
}

async fn answer(request: Request<Body>, doors: &Doors) -> Response<Full<Bytes>> {
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
    }
    if let Some(mesh) = doors.mesh.as_ref()
        && request.headers().contains_key(header::UPGRADE)
    {
        return upgrade(request, mesh.clone(), doors.handle.clone());
    }
    match request.uri().path() {
        "/healthz" if doors.is_observed => health(&doors.handle).await,
        "/metrics" if doors.is_observed => {
            let mut response = text(StatusCode::OK, scrape(&doors.handle));
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
            response
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "a tabmesh peer: open a WebSocket to link, or ask /healthz or /metrics\n",
        ),
    }
}

fn scrape(handle: &Handle) -> String {
    Metrics::encode(handle.metrics())
}

/// 200 while the driver answers and blocks can be written; whether the node is joined is told, but a node alone is not
/// ill.
async fn health(handle: &Handle) -> Response<Full<Bytes>> {
    let view = timeout(HEALTH_MAX, handle.look()).await.ok().flatten();
    let trouble = handle.storage().trouble();
    let said = match (&view, &trouble) {
        (None, _) => "the node does not answer".to_owned(),
        (Some(_), Some(trouble)) => format!("blocks cannot be written: {}", trouble.message),
        (Some(_), None) => "ok".to_owned(),
    };
    let is_well = view.is_some() && trouble.is_none();
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = json!({ "status": said });
    if let Some(view) = view {
        body["id"] = json!(hex(&view.id));
        body["joined"] = json!(view.is_joined);
        body["links"] = json!(view.links.len());
    }
    let mut response = text(status, format!("{body}\n"));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    // One request a connection: a place is free again as soon as its answer is out.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Answers 101 and hands the WebSocket to the driver. tungstenite's own way in would read the request again and take
/// a large buffer for every connection.
fn upgrade(
    mut request: Request<Body>,
    mesh: mpsc::Sender<Incoming>,
    handle: Handle,
) -> Response<Full<Bytes>> {
    let Some(key) = socket_key(request.headers()) else {
        return text(StatusCode::BAD_REQUEST, "this is no WebSocket handshake of version 13\n");
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(Ok(upgraded)) = timeout(REQUEST_MAX, upgraded).await else { return };
        let config = socket::config(socket::MESSAGE_MAX);
        let stream =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        if mesh.try_send(stream).is_err() {
            handle.metrics().refused.inc();
        }
    });
    let mut response = text(StatusCode::SWITCHING_PROTOCOLS, Bytes::new());
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    response
}

/// The accept key of a well-formed handshake (RFC 6455 §4.2.1).
fn socket_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: header::HeaderName, word: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let is_sound = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_sound)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}
