//! The names that this server goes by. A peer signs the name that it asked for, so that another server, which it asked as
//! well, cannot pass its proof on to this one.

use std::net::{IpAddr, Ipv6Addr};

use warp::http::header::{HOST, HeaderMap};

use crate::config::Config;

/// The name that a request asked for, in lower case and without port, if this server goes by it.
///
/// That is one of the configured names or, where none is, a loopback name or the address that it listens on.
pub(crate) fn asked_for(config: &Config, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let name = without_port(&host);
    let is_ours = match config.names.as_slice() {
        [] => is_local(name, config.listen.ip()),
        names => names.iter().any(|known| known.eq_ignore_ascii_case(name)),
    };
    is_ours.then(|| name.to_owned())
}

/// A colon within brackets belongs to the address.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn is_local(name: &str, listen: IpAddr) -> bool {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok(),
    };
    match address {
        Some(address) => address.is_loopback() || !listen.is_unspecified() && address == listen,
        None => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn asked(config: &Config, host: &str) -> Option<String> {
        asked_for(config, &HeaderMap::from_iter([(HOST, host.parse().unwrap())]))
    }

    #[test]
    fn without_names_only_what_is_here_is_answered() {
        for listen in ["127.0.0.1:7070", "10.0.0.1:7070", "0.0.0.0:7070"] {
            let config = Config { listen: listen.parse::<SocketAddr>().unwrap(), ..Config::default() };
            for (host, name) in [
                ("localhost", Some("localhost")),
                ("LocalHost:7070", Some("localhost")),
                ("app.localhost:80", Some("app.localhost")),
                ("127.0.0.1:7070", Some("127.0.0.1")),
                ("[::1]:7070", Some("[::1]")),
                ("[::1]", Some("[::1]")),
                ("10.0.0.1:7070", (listen == "10.0.0.1:7070").then_some("10.0.0.1")),
                ("evil.example", None),
                ("localhost.evil.example", None),
                ("10.0.0.2", None),
                ("0.0.0.0", None),
                ("", None),
            ] {
                assert_eq!(asked(&config, host).as_deref(), name, "{host} at {listen}");
            }
        }
        assert_eq!(asked_for(&Config::default(), &HeaderMap::new()), None);
    }

    #[test]
    fn with_names_those_alone_are_answered() {
        let names = vec!["mesh.example".to_owned(), "signalling".to_owned()];
        let config = Config { names, ..Config::default() };
        assert_eq!(asked(&config, "Mesh.Example").as_deref(), Some("mesh.example"));
        assert_eq!(asked(&config, "signalling:7070").as_deref(), Some("signalling"));
        assert_eq!(asked(&config, "localhost"), None);
    }
}
