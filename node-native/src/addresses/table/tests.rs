//! Addresses keep their numbers, stay within the bound, and what is only claimed pushes out nothing that was proved.

use super::*;

fn url(number: usize) -> Url {
    Url::parse(&format!("ws://{}.{}.1.1:7071", 20 + number / 200, number % 200)).expect("a URL")
}

fn peer(number: usize) -> NodeId {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    NodeId(id)
}

fn learn(addresses: &mut Addresses, url: &Url, by: usize) -> Option<Learnt> {
    addresses.learn(url.as_str().as_bytes(), peer(by))
}

fn all(addresses: &Addresses) -> Vec<Url> {
    (0..addresses.count()).map(|number| addresses.at(number).expect("there").0.clone()).collect()
}

fn public(configured: &[Url], own: Option<Url>) -> Addresses {
    Addresses::new(configured, Vec::new(), own, Reach::Public)
}

#[test]
fn configured_addresses_come_first_and_none_comes_twice() {
    let remembered = vec![(url(2), true), (url(3), false), (url(9), true)];
    let mut addresses = Addresses::new(&[url(1), url(2), url(1)], remembered, Some(url(9)), Reach::Public);
    assert_eq!(all(&addresses), [url(1), url(2), url(3)]);
    assert_eq!(learn(&mut addresses, &url(3), 1).map(|learnt| learnt.url), Some(url(3)));
    assert_eq!(learn(&mut addresses, &url(9), 1), None, "this node itself");
    assert_eq!(addresses.count(), 3);
}

#[test]
fn only_configured_addresses_are_dialled_wherever_they_lead() {
    let private = Url::parse("ws://10.0.0.1:80/path").expect("a URL");
    let mut addresses = public(std::slice::from_ref(&private), None);
    assert_eq!(addresses.at(0), Some((&private, None)));
    for claim in
        ["ws://10.0.0.1:80/path", "ws://10.0.0.1:7071", "ws://127.0.0.1:7071", "http://a.org", "", "\u{ff}"]
    {
        let other = claim.replace("10.0.0.1:80", "10.0.0.2:80");
        assert_eq!(addresses.learn(other.as_bytes(), peer(1)), None, "{claim}");
    }
    assert_eq!(addresses.learn(b"\xff\xfe", peer(1)), None);
    learn(&mut addresses, &url(1), 1).expect("taken");
    assert_eq!(addresses.at(1), Some((&url(1), Some(Reach::Public))));
}

#[test]
fn sixty_four_claims_of_one_peer_take_one_place() {
    let mut addresses = public(&[url(0)], None);
    for number in 1..=8 {
        learn(&mut addresses, &url(number), number).expect("taken");
    }
    let known = all(&addresses);
    for number in 100..164 {
        learn(&mut addresses, &url(number), 99).expect("taken");
    }
    assert_eq!(all(&addresses), [known, vec![url(163)]].concat());
}

#[test]
fn any_number_of_claims_push_out_nothing_that_was_proved() {
    let mut addresses = public(&[url(0)], None);
    for number in 1..=30 {
        learn(&mut addresses, &url(number), number).expect("taken");
        addresses.prove(&url(number));
    }
    for number in 100..1000 {
        learn(&mut addresses, &url(number), number);
        assert!(addresses.count() <= limits::ADDRESSES_MAX);
    }
    let known = all(&addresses);
    assert!((0..=30).all(|number| known.contains(&url(number))));
    assert!(known.contains(&url(999)), "new ones are still heard of");
}

#[test]
fn one_network_has_few_places_tried_or_not() {
    let of_network = |host: usize| Url::parse(&format!("ws://99.99.{host}.1:7071")).expect("a URL");
    let of_owner = |host: usize| Url::parse(&format!("wss://n{host}.evil.org")).expect("a URL");
    let mut addresses = public(&[], None);
    for number in 0..100 {
        for url in [of_network(number), of_owner(number)] {
            learn(&mut addresses, &url, number).expect("taken");
            addresses.prove(&url);
            learn(&mut addresses, &url, number).expect("taken");
        }
    }
    let tried = addresses.slots.iter().filter(|slot| slot.state == State::Tried).count();
    assert_eq!(tried, 2 * GROUP_MAX);
    assert!(usize::from(addresses.count()) <= 4 * GROUP_MAX, "{}", addresses.count());
}

#[test]
fn proved_addresses_beyond_the_bound_displace_the_one_proved_longest_ago() {
    let mut addresses = public(&[], None);
    let most = addresses.room() - addresses.new_room();
    for number in 0..=most {
        learn(&mut addresses, &url(number), number).expect("taken");
        addresses.prove(&url(number));
    }
    let state = |url: &Url| addresses.slots.iter().find(|slot| slot.url == *url).map(|slot| slot.state);
    assert_eq!(state(&url(0)), Some(State::New(None)));
    assert_eq!(state(&url(most)), Some(State::Tried));
}

#[test]
fn with_only_configured_addresses_at_the_bound_nothing_is_learnt() {
    let configured: Vec<Url> = (0..usize::from(limits::ADDRESSES_MAX)).map(url).collect();
    let mut addresses = public(&configured, None);
    assert_eq!(learn(&mut addresses, &url(1000), 1), None);
    assert_eq!(all(&addresses), configured);
}
