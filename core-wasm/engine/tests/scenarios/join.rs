//! Joining: by the signalling server, by an address, one by one and in crowds, and who is not let in.

use tabmesh_engine::{Event, LinkKind, Reason};

use crate::grow::{linked, network, settle};
use crate::world::seeds::each;
use crate::world::{Spec, World};

#[test]
fn two_nodes_join_through_signalling() {
    each(5, |seed| {
        let mut world = World::new(seed);
        let (one, other) = (world.add(Spec::browser()), world.add(Spec::browser()));
        world.expect(15_000, "the two link", |world| world.all_joined() && linked(world, one, other));
        let view = world.host(one).link_to(world.host(other).id).expect("just seen");
        assert_eq!(view.kind, LinkKind::WebRtc);
        world.expect(5_000, "the round trip is measured", |world| {
            world.host(one).link_to(world.host(other).id).is_some_and(|view| view.rtt_us > 0)
        });
        let rtt_us = world.host(one).link_to(world.host(other).id).expect("still there").rtt_us;
        let truth = world.round_trip_us(one, other) as u32;
        assert!(rtt_us >= truth && rtt_us < truth + 700_000, "seed {seed}: measured {rtt_us}, true {truth}");
    });
}

#[test]
fn nodes_join_with_real_signatures() {
    each(1, |seed| {
        let mut world = World::with_real_signatures(seed);
        let native = world.add(Spec::native());
        world.add_many(3, 500, &Spec::browser());
        world.add(Spec::browser().without_signalling().knowing(&[native]));
        settle(&mut world, 30_000);
        assert_eq!(world.parts(), 1);
    });
}

#[test]
fn first_contact_works_by_address_without_any_signalling() {
    each(3, |seed| {
        let mut world = World::new(seed);
        world.kill_signalling();
        let native = world.add(Spec::native().without_signalling());
        let tabs = [0; 3].map(|_| world.add(Spec::browser().without_signalling().knowing(&[native])));
        settle(&mut world, 30_000);
        let view = world.host(tabs[0]).link_to(world.host(native).id).expect("by its address");
        assert_eq!(view.kind, LinkKind::Socket);
        world.expect(30_000, "the tabs link by WebRTC through the native peer", |world| {
            linked(world, tabs[0], tabs[1]) && linked(world, tabs[1], tabs[2])
        });
        let view = world.host(tabs[0]).link_to(world.host(tabs[1]).id).expect("just seen");
        assert_eq!(view.kind, LinkKind::WebRtc);
    });
}

#[test]
fn twenty_nodes_join_and_see_their_true_neighbourhood() {
    each(3, |seed| {
        let world = network(seed, 1, 19, 200);
        assert_eq!(world.double_links(), []);
        assert_eq!(world.over_limit(), []);
    });
}

#[test]
fn a_crowd_that_comes_at_once_joins() {
    each(2, |seed| {
        let world = network(seed, 0, 25, 0);
        assert_eq!(world.double_links(), []);
    });
}

#[test]
fn a_hundred_nodes_join_and_see_their_true_neighbourhood() {
    each(1, |seed| {
        let mut world = network(seed, 5, 95, 150);
        assert_eq!(world.double_links(), []);
        assert_eq!(world.over_limit(), [], "seed {seed}");
        world.run_for(120_000);
        let over = world.over_budget(1);
        assert!(over.len() <= 10, "seed {seed}: above the budget in the end: {over:?}");
    });
}

#[test]
fn small_devices_join_among_tabs_and_keep_to_their_budget() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.add_many(20, 200, &Spec::browser());
        world.add_many(8, 200, &Spec::device());
        world.expect(60_000, "all have joined", World::all_joined);
        world.expect(60_000, "all are one network", |world| world.parts() == 1);
        assert_eq!(world.over_limit(), [], "seed {seed}");
        world.run_for(120_000);
        // One newcomer may be on its way in while another is on its way out.
        assert_eq!(world.over_budget(2), [], "seed {seed}: above the budget in the end");
        assert_eq!(world.parts(), 1);
    });
}

#[test]
fn a_node_is_joined_only_once_it_has_a_link_or_knows_it_is_first() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.kill_signalling();
        let lonely = world.add(Spec::browser());
        world.run_for(60_000);
        assert!(!world.host(lonely).is_joined());
        world.start_signalling();
        // The longest wait is 64 s and an eighth.
        world.expect(74_000, "the server comes back and the node asks again", |world| {
            world.host(lonely).is_joined()
        });
    });
}

#[test]
fn tabs_leave_the_server_once_they_have_links_and_always_on_peers_stay() {
    each(2, |seed| {
        let mut world = network(seed, 2, 8, 300);
        world.run_for(30_000);
        assert_eq!(world.present_at_server(), 2, "seed {seed}");
    });
}

#[test]
fn of_tabs_alone_a_few_stay_at_the_server_to_meet_newcomers() {
    each(2, |seed| {
        let mut world = network(seed, 0, 30, 200);
        world.run_for(60_000);
        let present = world.present_at_server();
        assert!((1..=3).contains(&present), "seed {seed}: {present} of 30 stay");
    });
}

#[test]
fn every_joined_node_tells_its_application_once() {
    each(2, |seed| {
        let world = network(seed, 1, 11, 300);
        for host in world.live() {
            let joins = world.host(host).events.iter().filter(|(_, event)| *event == Event::Joined).count();
            let losses = world.host(host).events.iter().filter(|(_, event)| *event == Event::Offline).count();
            assert_eq!(joins, losses + 1, "seed {seed}, host {}", host.0);
        }
    });
}

#[test]
fn a_node_of_another_network_is_refused() {
    each(2, |seed| {
        let mut world = World::new(seed);
        let native = world.add(Spec::native());
        let stranger =
            world.add(Spec { network: "other", ..Spec::browser().without_signalling().knowing(&[native]) });
        world.run_for(30_000);
        assert!(world.host(native).peers().is_empty() && world.host(stranger).peers().is_empty());
        assert!(!world.host(stranger).is_joined());
        let reasons: Vec<Reason> = dial_failures(&world, stranger);
        assert!(reasons.contains(&Reason::OtherNetwork), "seed {seed}: {reasons:?}");
    });
}

#[test]
fn a_node_below_the_security_level_is_refused() {
    each(2, |seed| {
        let mut world = World::new(seed);
        let strict = |spec: Spec| Spec { level: 3, own_level: 3, ..spec };
        let native = world.add(strict(Spec::native()));
        let member = world.add(strict(Spec::browser()));
        let weak = Spec { level: 3, own_level: 2, exact: true, ..Spec::browser() };
        let by_address = world.add(Spec { signalling: false, ..weak.clone().knowing(&[native]) });
        let by_server = world.add(weak);
        world.run_for(40_000);
        assert!(linked(&world, native, member));
        for host in [by_address, by_server] {
            assert!(world.host(host).peers().is_empty(), "seed {seed}: a weak id was let in");
        }
        let reasons = dial_failures(&world, by_address);
        assert!(reasons.contains(&Reason::LowLevel), "seed {seed}: {reasons:?}");
    });
}

#[test]
fn the_server_refuses_a_low_level_with_a_reason() {
    each(1, |seed| {
        let mut world = World::new(seed);
        world.demand_level(3);
        let weak = world.add(Spec { own_level: 2, exact: true, ..Spec::browser() });
        world.expect(10_000, "the application hears of the refusal", |world| {
            world.host(weak).events.iter().any(|(_, event)| matches!(event, Event::SignalRefused(3)))
        });
    });
}

fn dial_failures(world: &World, host: crate::world::HostId) -> Vec<Reason> {
    let reason = |event: &Event| match event {
        Event::DialFailed { reason, .. } | Event::PeerDown { reason, .. } => Some(*reason),
        _ => None,
    };
    world.host(host).events.iter().filter_map(|(_, event)| reason(event)).collect()
}
