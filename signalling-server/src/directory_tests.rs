//! The directory against brute force and against its promises.

use proptest::prelude::*;

use super::*;
use crate::config::Limits;

const HOME: Network = *b"home....";
const AWAY: Network = *b"away....";

fn outbox() -> Arc<Outbox> {
    Arc::new(Outbox::new(&Limits::default()))
}

fn address(number: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, number])
}

fn id(number: u8) -> NodeId {
    let mut bytes = [0; 32];
    bytes[0] = number;
    NodeId(bytes)
}

fn counter() -> impl FnMut() -> u64 {
    let mut state = 0_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

/// Ids that differ in few bits as well as in many, so that long common prefixes occur.
fn any_id() -> impl Strategy<Value = NodeId> {
    (any::<[u8; 32]>(), 0..32_usize).prop_map(|(mut bytes, zeros)| {
        bytes[..zeros].fill(0);
        NodeId(bytes)
    })
}

proptest! {
    #[test]
    fn the_nearest_id_is_the_one_that_brute_force_finds(
        ids in prop::collection::btree_set(any_id(), 0..60),
        stranger in any_id(),
    ) {
        for target in ids.iter().chain([&stranger]) {
            let expected =
                ids.iter().filter(|id| *id != target).min_by_key(|id| id.distance(target)).copied();
            prop_assert_eq!(nearest(&ids, target), expected);
        }
    }

    #[test]
    fn introductions_are_near_relayed_distinct_and_as_many_as_there_are(
        ids in prop::collection::btree_map(any_id(), any::<bool>(), 0..20),
        seed in any::<u64>(),
    ) {
        let mut directory = Directory::default();
        for (id, relay) in &ids {
            directory.insert(HOME, *id, (u8::from(*relay), address(0)), outbox());
        }
        for me in ids.keys() {
            let mut state = seed;
            let peers = directory.introduce(HOME, me, || { state = state.wrapping_mul(31).wrapping_add(7); state });
            prop_assert_eq!(peers.len(), (ids.len() - 1).min(INTRODUCED_MAX));
            prop_assert!(peers.iter().all(|(id, flags)| id != me && ids[id] == (*flags == FLAG_RELAY)));
            let distinct: BTreeSet<_> = peers.iter().map(|(id, _)| id).collect();
            prop_assert_eq!(distinct.len(), peers.len());
            let near = ids.keys().filter(|id| *id != me).min_by_key(|id| id.distance(me));
            prop_assert_eq!(peers.first().map(|(id, _)| id), near);
            let relays = ids.iter().filter(|(id, relay)| *id != me && **relay).count();
            prop_assert!(relays == 0 || peers.iter().any(|(_, flags)| *flags == FLAG_RELAY));
        }
    }

    #[test]
    fn what_is_inserted_and_removed_leaves_nothing_behind(
        steps in prop::collection::vec((0..4_u8, any::<bool>(), any::<bool>(), any::<bool>()), 0..60),
    ) {
        let mut directory = Directory::default();
        let mut model: HashMap<(Network, NodeId), (u8, Arc<Outbox>)> = HashMap::new();
        for (number, home, relay, insert) in steps {
            let (network, id) = (if home { HOME } else { AWAY }, id(number));
            if insert {
                let outbox = outbox();
                let older = directory.insert(network, id, (u8::from(relay), address(number)), Arc::clone(&outbox));
                let expected = model.insert((network, id), (u8::from(relay), outbox));
                prop_assert_eq!(older.is_some(), expected.is_some());
            } else if let Some((_, outbox)) = model.remove(&(network, id)) {
                directory.remove(network, &id, &outbox);
            }
            prop_assert_eq!(directory.peers(), model.len());
            for members in directory.networks.values() {
                prop_assert!(!members.peers.is_empty());
                prop_assert!(members.ordered.iter().eq(members.peers.keys().collect::<BTreeSet<_>>()));
                let relays = members.peers.iter().filter(|(_, peer)| peer.flags == FLAG_RELAY).count();
                prop_assert_eq!(members.relays.len(), relays);
                prop_assert_eq!(members.everyone.len(), members.peers.len());
            }
        }
        for ((network, id), (_, outbox)) in model {
            directory.remove(network, &id, &outbox);
        }
        prop_assert_eq!(directory.networks(), 0);
    }
}

#[test]
fn an_older_connection_cannot_take_the_newer_ones_place_away() {
    let mut directory = Directory::default();
    let (older, newer) = (outbox(), outbox());
    assert!(directory.insert(HOME, id(1), (0, address(1)), Arc::clone(&older)).is_none());
    let replaced = directory.insert(HOME, id(1), (0, address(1)), Arc::clone(&newer)).unwrap();
    assert!(Arc::ptr_eq(&replaced, &older));
    directory.remove(HOME, &id(1), &older);
    assert!(Arc::ptr_eq(&directory.outbox(HOME, &id(1)).unwrap(), &newer));
}

#[test]
fn networks_do_not_see_each_other() {
    let mut directory = Directory::default();
    directory.insert(HOME, id(1), (FLAG_RELAY, address(1)), outbox());
    directory.insert(AWAY, id(2), (0, address(2)), outbox());
    assert!(directory.introduce(AWAY, &id(2), counter()).is_empty());
    assert!(directory.outbox(AWAY, &id(1)).is_none());
    assert_eq!(directory.networks(), 2);
}

#[test]
fn everyone_is_introduced_in_time() {
    let mut directory = Directory::default();
    for number in 1..=50 {
        directory.insert(HOME, id(number), (u8::from(number > 40), address(number % 5)), outbox());
    }
    let mut dice = counter();
    let mut seen = BTreeSet::new();
    for _ in 0..2_000 {
        seen.extend(directory.introduce(HOME, &id(0), &mut dice).into_iter().map(|(id, _)| id));
    }
    assert_eq!(seen.len(), 50);
}

/// How often each address is named to newcomers, without the place of the nearest.
fn named_by_address(directory: &Directory, newcomers: u32) -> HashMap<IpAddr, u32> {
    let mut dice = counter();
    let mut named = HashMap::new();
    for number in 0..newcomers {
        let newcomer = NodeId(std::array::from_fn(|index| (number >> (8 * (index % 4))) as u8 ^ 0xa5));
        for (id, _) in directory.introduce(HOME, &newcomer, &mut dice).into_iter().skip(1) {
            *named.entry(directory.networks[&HOME].peers[&id].address).or_insert(0) += 1;
        }
    }
    named
}

#[test]
fn an_address_with_many_relays_is_named_like_any_other() {
    let mut directory = Directory::default();
    for number in 0..=255 {
        directory.insert(HOME, id(number), (FLAG_RELAY, address(66)), outbox());
    }
    for number in 1..=9 {
        let honest = NodeId([number; 32]);
        directory.insert(HOME, honest, (FLAG_RELAY, address(number)), outbox());
    }
    let named = named_by_address(&directory, 2_000);
    let share = f64::from(named[&address(66)]) / 4_000.0;
    assert!((0.05..0.15).contains(&share), "one address of ten is named to {share} of the newcomers");
}

#[test]
fn the_ids_of_one_address_are_all_named() {
    let mut directory = Directory::default();
    for number in 0..20 {
        directory.insert(HOME, id(number), (FLAG_RELAY, address(1)), outbox());
    }
    let peers = directory.introduce(HOME, &id(200), counter());
    assert_eq!(peers.len(), INTRODUCED_MAX, "behind one router there is one address");
}

#[test]
fn an_id_that_comes_again_from_elsewhere_is_drawn_there() {
    let mut directory = Directory::default();
    directory.insert(HOME, id(1), (FLAG_RELAY, address(1)), outbox());
    directory.insert(HOME, id(1), (0, "2001:db8::1".parse().unwrap()), outbox());
    let members = &directory.networks[&HOME];
    assert_eq!((members.everyone.len(), members.relays.len()), (1, 0));
    assert_eq!(members.peers[&id(1)].address, "2001:db8::".parse::<IpAddr>().unwrap(), "its network counts");
}
