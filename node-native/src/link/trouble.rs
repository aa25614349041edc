//! Why a WebSocket does not open, in words for whoever gave its address, and the way out.

use std::borrow::Cow;
use std::io;

use tokio_tungstenite::tungstenite;
use url::Url;

use super::error::DialError;

/// What an address is to lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// A signalling server.
    Signalling,
    /// A peer.
    Peer,
}

/// The path of signalling servers, unless what stands before one changes it.
const SIGNAL_PATH: &str = "/signal";

/// The paths of peers.
const PEER_PATHS: [&str; 2] = ["/", "/peer"];

const UNANSWERED: &str = "check host and port, and that it runs";
const NO_TLS: &str =
    "it speaks no TLS at this port: write ws:// instead of wss://, or name the port of the proxy that does";
const CUT_OFF: &str = "it, or something on the way, broke off: check host and port; only if it speaks no TLS there, write ws:// instead of wss://";
const OTHER_TLS: &str = "it speaks TLS, but not with this node: check the name in the address, and which versions and ciphers it takes";
const NOT_NOW: &str =
    "its certificate is not valid at this time: renew it, or set the clock of this machine if that is wrong";
const TRY_LATER: &str = "it takes no connection now: check that what stands behind this address runs, and whether it bounds connections";
const NOT_ALLOWED: &str = "it does not let this node in: check what the proxy there asks for";
const ONLY_TLS: &str =
    "it answers no plain HTTP: if it speaks TLS at this port, write wss:// instead of ws://";
const NOT_TRUSTED: &str =
    "its certificate is not good for this host: check the name in the address, or renew the certificate";

/// What went wrong at `url`, and what can be done.
pub fn why_not(url: &Url, door: Door, error: &DialError) -> String {
    let way_out: Cow<'static, str> = match error {
        DialError::Timeout => UNANSWERED.into(),
        DialError::Socket(error) => match &**error {
            tungstenite::Error::Http(answer) => of_answer(url, door, answer.status().as_u16()),
            // What rustls says of it tells the seconds, and so something new each time.
            tungstenite::Error::Io(error) if is_out_of_date(error) => return NOT_NOW.to_owned(),
            tungstenite::Error::Tls(_) => NOT_TRUSTED.into(),
            tungstenite::Error::Io(error) => of_connection(url, error).into(),
            tungstenite::Error::Protocol(_) | tungstenite::Error::HttpFormat(_) if url.scheme() == "ws" => {
                ONLY_TLS.into()
            }
            _ => match door {
                Door::Signalling => "check that it is a signalling server of tabmesh".into(),
                Door::Peer => "check that it is a peer of tabmesh".into(),
            },
        },
    };
    format!("{error}; {way_out}")
}

/// HTTP is answered, and no WebSocket opens.
fn of_answer(url: &Url, door: Door, status: u16) -> Cow<'static, str> {
    match status {
        401 | 403 | 407 => NOT_ALLOWED.into(),
        429 | 500.. => TRY_LATER.into(),
        _ => of_path(url, door),
    }
}

fn of_path(url: &Url, door: Door) -> Cow<'static, str> {
    let path = url.path();
    match door {
        Door::Peer if PEER_PATHS.contains(&path) => {
            "it refuses to open a WebSocket: check that it is a peer of tabmesh".into()
        }
        Door::Signalling if path == SIGNAL_PATH => {
            "it refuses to open a WebSocket: check that it is a signalling server of tabmesh".into()
        }
        Door::Signalling => {
            let mut usual = url.clone();
            usual.set_path(SIGNAL_PATH);
            format!("there is no signalling server at the path {path}, which usually is /signal: write {usual}").into()
        }
        Door::Peer => format!(
            "there is no peer at the path {path}, which usually is / or /peer: check the address, and that it is a peer's"
        )
        .into(),
    }
}

fn of_tls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn is_out_of_date(error: &io::Error) -> bool {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    let Some(rustls::Error::InvalidCertificate(error)) = of_tls(error) else { return false };
    matches!(error, Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. })
}

fn of_connection(url: &Url, error: &io::Error) -> &'static str {
    let has_tls = url.scheme() == "wss";
    match of_tls(error) {
        Some(rustls::Error::InvalidCertificate(_)) => return NOT_TRUSTED,
        Some(rustls::Error::InvalidMessage(_)) => return NO_TLS,
        Some(_) => return OTHER_TLS,
        None => {}
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset if has_tls => CUT_OFF,
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => ONLY_TLS,
        _ => UNANSWERED,
    }
}

#[cfg(test)]
mod tests {
    //! Each wrong address is told with the way out, by what really answers there.

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::socket::connect;
    use super::*;

    /// A server that reads something and answers `bytes`.
    async fn answering(bytes: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(bytes).await;
            }
        });
        port
    }

    async fn told(address: String, door: Door) -> String {
        let url = Url::parse(&address).expect("a URL");
        let error = connect(&url, 1024, None).await.expect_err("it does not open");
        why_not(&url, door, &error)
    }

    #[tokio::test]
    async fn nobody_is_told_to_do_without_tls_where_it_is_spoken_or_may_be() {
        // What a server says that wants another version of TLS, other ciphers or another name: handshake_failure.
        let alert = answering(b"\x15\x03\x03\x00\x02\x02\x28").await;
        let said = told(format!("wss://127.0.0.1:{alert}/signal"), Door::Signalling).await;
        assert!(said.contains("it speaks TLS") && !said.contains("ws://"), "{said}");
        let cut_off = answering(b"").await;
        let said = told(format!("wss://127.0.0.1:{cut_off}/signal"), Door::Signalling).await;
        assert!(!said.contains("it speaks no TLS at this port"), "{said}");
    }

    #[test]
    fn a_certificate_out_of_date_is_told_in_the_same_words_each_time() {
        use rustls::pki_types::UnixTime;
        let url = Url::parse("wss://a/signal").expect("a URL");
        let said = |now| {
            let at = |s| UnixTime::since_unix_epoch(std::time::Duration::from_secs(s));
            let error = rustls::CertificateError::ExpiredContext { time: at(now), not_after: at(5) };
            let error = io::Error::other(rustls::Error::InvalidCertificate(error));
            let error = DialError::from(Box::new(tungstenite::Error::Io(error)));
            why_not(&url, Door::Signalling, &error)
        };
        assert_eq!(said(1_000), said(2_000));
        assert!(said(1_000).contains("clock"), "{}", said(1_000));
    }

    #[tokio::test]
    async fn a_door_that_is_closed_for_now_is_not_called_the_wrong_one() {
        for (bytes, way_out) in [
            (
                &b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"[..],
                "takes no connection now",
            ),
            (b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "takes no connection now"),
            (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "does not let this node in"),
            (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "refuses to open a WebSocket"),
        ] {
            let port = answering(bytes).await;
            let said = told(format!("ws://127.0.0.1:{port}/peer"), Door::Peer).await;
            assert!(said.contains(way_out), "{said}");
        }
    }

    #[tokio::test]
    async fn wrong_addresses_are_told_with_the_way_out() {
        let web = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let plain = answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let hangs_up = answering(b"").await;
        // The alert with which TLS answers what is none.
        let tls = answering(b"\x15\x03\x03\x00\x02\x02\x0a").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let nobody = listener.local_addr().expect("an address").port();
        drop(listener);
        for (address, door, way_out) in [
            (format!("ws://127.0.0.1:{web}"), Door::Signalling, format!("write ws://127.0.0.1:{web}/signal")),
            (format!("ws://127.0.0.1:{web}/signal"), Door::Signalling, "refuses to open".to_owned()),
            (format!("ws://127.0.0.1:{web}/x"), Door::Peer, "no peer at the path /x".to_owned()),
            (format!("wss://127.0.0.1:{plain}/signal"), Door::Signalling, "write ws:// instead".to_owned()),
            (format!("wss://127.0.0.1:{plain}"), Door::Peer, "write ws:// instead".to_owned()),
            (format!("wss://127.0.0.1:{hangs_up}"), Door::Peer, "write ws:// instead".to_owned()),
            (format!("ws://127.0.0.1:{tls}"), Door::Peer, "write wss:// instead".to_owned()),
            (format!("ws://127.0.0.1:{hangs_up}/signal"), Door::Signalling, "".to_owned()),
            (format!("ws://127.0.0.1:{nobody}"), Door::Peer, "check host and port".to_owned()),
            (format!("wss://127.0.0.1:{nobody}/signal"), Door::Signalling, "check host and port".to_owned()),
        ] {
            let said = told(address.clone(), door).await;
            assert!(said.contains("; ") && said.contains(&way_out), "{address}: {said}");
        }
    }
}
