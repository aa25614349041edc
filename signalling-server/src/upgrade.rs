//! From an HTTP request to a WebSocket, by hand.
//!
//! `warp::ws()` gives each connection a read buffer of 128 KiB, and no way to change that: 134 KB for a peer that says
//! nothing. Here warp only routes the request; the socket is taken over with a buffer of 4 KiB.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::debug;
use warp::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, ORIGIN,
    RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::{Reply, Response};

use crate::config::Config;
use crate::hub::{Hub, Seat};
use crate::name;
use crate::refusal::Denial;
use crate::session::{Session, Socket};

/// What a connection reads at once; a longer message makes the buffer grow for as long as it is under way.
const READ_BUFFER_BYTES: usize = 4096;

/// Answers a request for a connection: with the switch to WebSocket, after which a session runs, or with a denial.
pub(crate) fn answer(
    hub: &Arc<Hub>,
    socket: SocketAddr,
    headers: &HeaderMap,
    upgrade: Option<OnUpgrade>,
) -> Response {
    let address = peer_address(&hub.config, socket, headers);
    let granted = grant(hub, address, headers).and_then(|(accept, seat)| {
        let upgrade = upgrade.ok_or(Denial::NotWebSocket)?;
        Ok((accept, seat, upgrade))
    });
    match granted {
        Ok((accept, seat, upgrade)) => {
            let server = name::asked_for(&hub.config, headers);
            hub.sessions.spawn(converse(Arc::clone(hub), address, server, seat, upgrade));
            switch(&accept)
        }
        Err(denial) => {
            debug!(%address, reason = denial.name(), "turned away");
            hub.metrics.denied(denial);
            deny(denial)
        }
    }
}

/// The answer that says no, and why.
pub(crate) fn deny(denial: Denial) -> Response {
    let mut response = denial.json().into_response();
    *response.status_mut() = denial.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A browser hides from a page why its WebSocket did not open; this lets the page ask, and tell a person.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(seconds) = denial.retry_after_s() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(denial, Denial::NotWebSocket | Denial::BadHandshake) {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

fn grant(hub: &Hub, address: IpAddr, headers: &HeaderMap) -> Result<(String, Seat), Denial> {
    if !origin_is_allowed(&hub.config, headers) {
        return Err(Denial::Origin);
    }
    let accept = accept_key(headers)?;
    Ok((accept, hub.admit(address)?))
}

/// The proof that the request was read as a WebSocket handshake (RFC 6455 §4.2.2).
fn accept_key(headers: &HeaderMap) -> Result<String, Denial> {
    if !has_token(headers, CONNECTION, "upgrade") || !has_token(headers, UPGRADE, "websocket") {
        return Err(Denial::NotWebSocket);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Denial::BadHandshake);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map_or(&b""[..], HeaderValue::as_bytes);
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key {
        [digits @ .., b'=', b'='] if digits.len() == 22 && digits.iter().all(is_base64) => {
            Ok(derive_accept_key(key))
        }
        _ => Err(Denial::BadHandshake),
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
}

/// A page's browser names its origin; what is no page names none, and could name any.
fn origin_is_allowed(config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    config.origins.is_empty() || config.origins.iter().any(|allowed| allowed.matches(origin.as_bytes()))
}

/// Where the peer is: the other end of the socket or, behind a proxy, what the proxy says. Only the last entry is the
/// proxy's own; those before it are whatever the peer wrote there.
fn peer_address(config: &Config, socket: SocketAddr, headers: &HeaderMap) -> IpAddr {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    if !config.behind_proxy {
        return socket.ip();
    }
    let last = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
    let entry = last.and_then(|value| value.rsplit(',').next()).map_or("", str::trim);
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    bare.parse().or_else(|_| entry.parse().map(|address: SocketAddr| address.ip())).unwrap_or(socket.ip())
}

fn switch(accept: &str) -> Response {
    let mut response = warp::reply().into_response();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

async fn converse(hub: Arc<Hub>, address: IpAddr, server: Option<String>, seat: Seat, upgrade: OnUpgrade) {
    match upgrade.await {
        Ok(upgraded) => {
            let socket = socket(TokioIo::new(upgraded), hub.config.limits.message_bytes).await;
            Session::new(hub, socket, address, server).run().await;
        }
        Err(error) => debug!(%error, "the peer left during the handshake"),
    }
    drop(seat);
}

async fn socket(io: TokioIo<hyper::upgrade::Upgraded>, message_bytes: usize) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes));
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_example_of_the_standard_is_answered_as_the_standard_says() {
        assert_eq!(accept_key(&headers(&GOOD)).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_handshake_with_anything_wrong_is_refused() {
        for (line, value, denial) in [
            (0, "keep-alive", Denial::NotWebSocket),
            (1, "h2c", Denial::NotWebSocket),
            (2, "8", Denial::BadHandshake),
            (3, "short==", Denial::BadHandshake),
            (3, "dGhlIHNhbXBsZSBub25jZQ!!", Denial::BadHandshake),
            (3, "dGhlIHNhbXBsZSBub25j!Q==", Denial::BadHandshake),
        ] {
            let mut lines = GOOD;
            lines[line].1 = value;
            assert_eq!(accept_key(&headers(&lines)), Err(denial), "{value}");
        }
        for missing in 0..GOOD.len() {
            let lines: Vec<_> =
                GOOD.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, l)| *l).collect();
            assert!(accept_key(&headers(&lines)).is_err());
        }
    }

    #[test]
    fn only_a_proxy_is_believed_and_only_its_own_entry() {
        let socket: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        let direct = Config::default();
        let proxied = Config { behind_proxy: true, ..Config::default() };
        let forged = headers(&[("x-forwarded-for", "203.0.113.9, 198.51.100.7")]);
        assert_eq!(peer_address(&direct, socket, &forged), socket.ip());
        for (value, expected) in [
            ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("198.51.100.7, unknown", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            let headers = headers(&[("x-forwarded-for", value)]);
            assert_eq!(
                peer_address(&proxied, socket, &headers),
                expected.parse::<IpAddr>().unwrap(),
                "{value}"
            );
        }
        let two = headers(&[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")]);
        assert_eq!(peer_address(&proxied, socket, &two), "198.51.100.7".parse::<IpAddr>().unwrap());
        assert_eq!(peer_address(&proxied, socket, &HeaderMap::new()), socket.ip());
    }
}
