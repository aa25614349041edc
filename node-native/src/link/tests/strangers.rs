//! What an offer may make a node send to third parties.

use tabmesh_engine::wire::description::{Address, Candidate, CandidateKind, Description};

use super::*;

/// A stranger's offer that names addresses of others; how many datagrams come to each while it is answered.
async fn asked_of_strangers(ice: &Ice, offers: usize, addresses: &[&str]) -> Vec<usize> {
    let mut sockets = Vec::new();
    for address in addresses {
        sockets.push(tokio::net::UdpSocket::bind(address).await.expect("an address of this host"));
    }
    let candidates: Vec<Candidate> = sockets
        .iter()
        .map(|socket| match socket.local_addr().expect("bound") {
            std::net::SocketAddr::V4(address) => Candidate {
                address: Address::V4(address.ip().octets()),
                kind: CandidateKind::Host,
                port: address.port(),
            },
            std::net::SocketAddr::V6(_) => unreachable!("IPv4 alone"),
        })
        .collect();
    let mut offerer = End::start(|reporter| webrtc::offer(loopback(), reporter));
    let described = offerer.described().await;
    let offer = Description { candidates, ..Description::parse(&described).expect("an offer") }.emit();
    let mut answerers = Vec::new();
    for _ in 0..offers {
        let mut answerer = End::start(|reporter| webrtc::answer(ice.clone(), offer.clone(), reporter));
        answerer.described().await;
        answerers.push(answerer);
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let count = |socket: tokio::net::UdpSocket| {
        let mut buffer = [0; 2048];
        std::iter::from_fn(|| socket.try_recv(&mut buffer).ok()).count()
    };
    // Readiness is only looked for when it is asked for.
    for socket in &sockets {
        let _ = timeout(Duration::from_millis(100), socket.readable()).await;
    }
    sockets.into_iter().map(count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_names_eight_foreign_addresses_costs_each_a_few_datagrams() {
    let addresses: Vec<String> = (2..10).map(|host| format!("127.0.0.{host}:0")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let counts = asked_of_strangers(&loopback(), 1, &addresses).await;
    println!("datagrams to each of eight foreign addresses: {counts:?}");
    assert!(counts.iter().all(|count| (1..=7).contains(count)), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_offers_that_name_one_foreign_host_cost_it_no_more_than_one_host_gets() {
    let counts = asked_of_strangers(&loopback(), 20, &["127.0.0.20:0"; 8]).await;
    println!("datagrams to eight ports of one foreign host by twenty offers: {counts:?}");
    assert!((8..=64).contains(&counts.iter().sum::<usize>()), "{counts:?}");
}
