//! A connection to a host, by whichever of its addresses answers first.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;
use url::{Host, Url};

use crate::addresses::{Reach, reach_of};

/// The next address is tried so long after the one before, or as soon as that has failed (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// The most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Connects to the host of `url`; with a `reach` only to addresses within it, whatever its name says.
pub(super) async fn connect(url: &Url, reach: Option<Reach>) -> io::Result<TcpStream> {
    let addresses = resolved(url).await?;
    let is_within = |address: &SocketAddr| {
        reach.is_none_or(|reach| reach_of(address.ip()).is_some_and(|found| found <= reach))
    };
    let mut waiting = alternating(addresses.into_iter().filter(is_within).collect()).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut last =
        io::Error::new(io::ErrorKind::NotFound, "its name leads to no address that may be dialled");
    loop {
        match waiting.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        let has_more = waiting.len() > 0;
        tokio::select! {
            Some(attempt) = attempts.next() => match attempt {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            },
            () = sleep(STAGGER), if has_more => {}
        }
    }
}

async fn resolved(url: &Url) -> io::Result<Vec<SocketAddr>> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let port = url.port_or_known_default().ok_or_else(invalid)?;
    Ok(match url.host().ok_or_else(invalid)? {
        Host::Ipv4(address) => vec![(IpAddr::V4(address), port).into()],
        Host::Ipv6(address) => vec![(IpAddr::V6(address), port).into()],
        Host::Domain(name) => lookup_host((name, port)).await?.collect(),
    })
}

/// The two families in turn, beginning with the one that the system put first, so that a dead one costs one step.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (one, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first_is_v4);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut ordered = Vec::new();
    while ordered.len() < ADDRESSES_MAX {
        let before = ordered.len();
        ordered.extend(one.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            break;
        }
    }
    ordered.truncate(ADDRESSES_MAX);
    ordered
}

#[cfg(test)]
mod tests {
    //! Dead addresses cost little, and a name leads no further than its dialler wants to go.

    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn families_take_turns() {
        let of = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().expect("an address")).collect()
        };
        let mixed = of(&["[2600::1]:1", "[2600::2]:1", "[2600::3]:1", "1.1.1.1:1", "1.1.1.2:1"]);
        let expected = of(&["[2600::1]:1", "1.1.1.1:1", "[2600::2]:1", "1.1.1.2:1", "[2600::3]:1"]);
        assert_eq!(alternating(mixed), expected);
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_host_is_not_followed_from_outside() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let url = Url::parse(&format!("ws://localhost:{port}")).expect("a URL");
        for reach in [Reach::Public, Reach::Private] {
            assert!(connect(&url, Some(reach)).await.is_err(), "{reach:?}");
        }
        let begin = Instant::now();
        assert!(connect(&url, Some(Reach::Loopback)).await.is_ok());
        assert!(connect(&url, None).await.is_ok());
        // `localhost` may be `::1` first, where nobody listens.
        assert!(begin.elapsed() < Duration::from_secs(1));
    }
}
