//! Links: glare, lost envelopes, pairs that cannot connect, crashes, frozen tabs.

use tabmesh_engine::wire::envelope::Kind;
use tabmesh_engine::{LinkId, LinkKind, NodeId, Output, Reason, Route};

use crate::grow::{linked, network, settle};
use crate::puppet::{Delivered, delivered, join_server, send_envelope};
use crate::world::script::Heard;
use crate::world::seeds::each;
use crate::world::{HostId, Spec, World};

const LINK: LinkId = LinkId::new(1).unwrap();
const SESSION: u32 = 77;

#[test]
fn a_pair_that_loses_its_link_makes_exactly_one_again_though_both_ends_try() {
    each(4, |seed| {
        let mut world = network(seed, 0, 8, 200);
        for pair in world.live().windows(2) {
            world.cut_link(pair[0], pair[1]);
        }
        settle(&mut world, 60_000);
        world.run_for(30_000);
        assert_eq!(world.double_links(), [], "seed {seed}");
        assert_eq!(world.one_sided_links(), [], "seed {seed}");
    });
}

/// A tab and a puppet that both send an offer before either hears of the other's; the tab's number and what the puppet's
/// description would be.
fn glare(seed: u64, is_puppet_smaller: bool) -> (World, HostId, HostId, Delivered) {
    let mut world = World::new(seed);
    let puppet = loop {
        let puppet = world.add_script(Spec::browser());
        if (world.host(puppet).id.0[0] < 0x80) == is_puppet_smaller {
            break puppet;
        }
    };
    join_server(&mut world, puppet);
    let tab = loop {
        let tab = world.add(Spec::browser());
        if (world.host(tab).id < world.host(puppet).id) != is_puppet_smaller {
            break tab;
        }
        world.crash(tab);
    };
    world.play(puppet, vec![Output::Open { link: LINK, route: Route::Offer }]);
    world.expect(15_000, "the tab offers", |world| delivered_by(world, puppet, Kind::Offer).is_some());
    let offer = delivered_by(&world, puppet, Kind::Offer).expect("just seen");
    let description = world.script(puppet).description(LINK).expect("gathered long ago");
    let to = world.host(tab).id;
    send_envelope(&mut world, puppet, to, Kind::Offer, SESSION, &description);
    (world, tab, puppet, offer)
}

fn delivered_by(world: &World, puppet: HostId, kind: Kind) -> Option<Delivered> {
    delivered(world, puppet).into_iter().find(|envelope| envelope.kind == kind)
}

#[test]
fn in_glare_the_larger_id_gives_up_its_own_offer_and_answers() {
    each(2, |seed| {
        let (mut world, _, puppet, _) = glare(seed, true);
        world.expect(10_000, "the tab answers", |world| delivered_by(world, puppet, Kind::Answer).is_some());
        let answer = delivered_by(&world, puppet, Kind::Answer).expect("just seen");
        assert_eq!(answer.session, SESSION);
        world.play(puppet, vec![Output::Answered { link: LINK, description: answer.body }]);
        world.expect(5_000, "the link opens", |world| {
            world.host(puppet).script().is_some_and(|script| script.has_heard(&Heard::Up(LINK)))
        });
    });
}

#[test]
fn in_glare_the_smaller_id_keeps_its_own_offer() {
    each(2, |seed| {
        let (mut world, tab, puppet, offer) = glare(seed, false);
        world.run_for(2_000);
        assert!(
            delivered_by(&world, puppet, Kind::Answer).is_none(),
            "seed {seed}: it answered its own rival"
        );
        let answering = LinkId::new(2).unwrap();
        world.play(
            puppet,
            vec![Output::Close(LINK), Output::Open { link: answering, route: Route::Answer(offer.body) }],
        );
        world.run_for(200);
        let description = world.script(puppet).description(answering).expect("gathered");
        let to = world.host(tab).id;
        send_envelope(&mut world, puppet, to, Kind::Answer, offer.session, &description);
        world.expect(5_000, "the link opens", |world| {
            world.host(puppet).script().is_some_and(|script| script.has_heard(&Heard::Up(answering)))
        });
    });
}

#[test]
fn an_answer_for_another_session_or_by_another_key_is_ignored() {
    each(2, |seed| {
        let mut world = World::new(seed);
        let (puppet, liar) = (world.add_script(Spec::browser()), world.add_script(Spec::browser()));
        join_server(&mut world, puppet);
        join_server(&mut world, liar);
        let tab = world.add(Spec::browser());
        world.expect(15_000, "the tab offers", |world| delivered_by(world, puppet, Kind::Offer).is_some());
        let offer = delivered_by(&world, puppet, Kind::Offer).expect("just seen");
        world.play(liar, vec![Output::Open { link: LINK, route: Route::Answer(offer.body) }]);
        world.run_for(200);
        let description = world.script(liar).description(LINK).expect("gathered");
        let to = world.host(tab).id;
        send_envelope(&mut world, liar, to, Kind::Answer, offer.session, &description);
        send_envelope(&mut world, puppet, to, Kind::Answer, offer.session ^ 1, &description);
        world.run_for(5_000);
        assert!(!world.script(liar).has_heard(&Heard::Up(LINK)), "seed {seed}: a third took the link");
    });
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    each(3, |seed| {
        let mut world = World::new(seed);
        let (one, other) = (world.add(Spec::browser()), world.add(Spec::browser()));
        world.lose_envelopes(Kind::Answer, 1);
        world.expect(40_000, "the two link all the same", |world| linked(world, one, other));
        assert_eq!(world.envelopes_to_lose(), 0, "seed {seed}: nothing was lost");
        assert_eq!(world.double_links(), []);
    });
}

#[test]
fn a_lost_offer_is_sent_again() {
    each(3, |seed| {
        let mut world = World::new(seed);
        let (one, other) = (world.add(Spec::browser()), world.add(Spec::browser()));
        world.lose_envelopes(Kind::Offer, 1);
        world.expect(40_000, "the two link all the same", |world| linked(world, one, other));
    });
}

#[test]
fn a_pair_that_cannot_connect_gives_up_with_an_event_and_reaches_each_other_through_others() {
    each(2, |seed| {
        let mut world = World::new(seed);
        let (one, other) = (HostId(0), HostId(1));
        world.network.blocked.insert((one, other));
        world.add_many(6, 500, &Spec::browser());
        world.expect(90_000, "all are one network", |world| world.all_joined() && world.parts() == 1);
        let id = world.host(other).id;
        world.expect(90_000, "the failed dial is told", |world| {
            !world.host(one).reasons(id).is_empty()
                || !world.host(other).reasons(world.host(one).id).is_empty()
        });
        assert!(!linked(&world, one, other));
        let op = world.send(one, id, b"over others");
        assert_eq!(world.wait(one, op, 20_000).status, tabmesh_engine::Status::Ok, "seed {seed}");
        assert_eq!(world.messages(other), [(world.host(one).id, b"over others".to_vec())]);
    });
}

#[test]
fn half_of_all_dials_failing_leaves_one_network() {
    each(2, |seed| {
        let mut world = World::new(seed);
        world.network.connect_fail = 0.3;
        world.add_many(20, 400, &Spec::browser());
        world.expect(120_000, "all have joined", World::all_joined);
        world.expect(120_000, "all are one network", |world| world.parts() == 1);
    });
}

#[test]
fn a_crashed_peer_is_dropped_by_everybody_within_a_minute() {
    each(2, |seed| {
        let mut world = network(seed, 1, 11, 200);
        let (victim, id) = (HostId(4), world.host(HostId(4)).id);
        world.crash(victim);
        world.expect(60_000, "nobody lists the crashed peer", |world| {
            let lists = |host: &HostId| world.host(*host).link_to(id).is_some();
            !world.live().iter().any(|host| lists(host) || world.host(*host).neighbourhood().contains(&id))
        });
        settle(&mut world, 60_000);
    });
}

#[test]
fn a_peer_that_leaves_says_so_and_is_dropped_at_once() {
    each(2, |seed| {
        let mut world = network(seed, 1, 9, 200);
        let leaver = HostId(5);
        let id = world.host(leaver).id;
        let friends: Vec<HostId> =
            world.live().into_iter().filter(|host| world.host(*host).link_to(id).is_some()).collect();
        assert!(!friends.is_empty());
        world.leave(leaver);
        world.expect(3_000, "nobody lists the leaver", |world| {
            !world.live().iter().any(|host| world.host(*host).link_to(id).is_some())
        });
        for friend in friends {
            assert_eq!(world.host(friend).reasons(id).last(), Some(&Reason::Leaving), "seed {seed}");
        }
        settle(&mut world, 60_000);
    });
}

#[test]
fn a_silent_peer_is_probed_and_dropped_though_its_transport_lives() {
    each(2, |seed| {
        let mut world = network(seed, 0, 6, 200);
        let frozen = HostId(2);
        let id = world.host(frozen).id;
        world.freeze(frozen);
        world.expect(60_000, "nobody lists the frozen tab", |world| !anybody_lists(world, id));
        let silent = |host: &HostId| world.host(*host).reasons(id).contains(&Reason::Silent);
        assert!(world.live().iter().any(silent), "seed {seed}");
    });
}

#[test]
fn a_frozen_tab_resumes_and_is_part_of_the_network_again() {
    each(2, |seed| {
        let mut world = network(seed, 1, 9, 200);
        let frozen = HostId(3);
        world.concern(frozen);
        for asleep_ms in [2_000, 90_000] {
            world.freeze(frozen);
            world.run_for(asleep_ms);
            world.resume(frozen);
            world.wake_up(frozen);
            settle(&mut world, 60_000);
        }
    });
}

#[test]
fn clocks_that_differ_and_drift_do_no_harm() {
    each(2, |seed| {
        let mut world = World::new(seed);
        for (skew_ppm, wall_offset_s) in [(0, 0), (200, 100), (-200, -100), (500, 30), (-500, -30), (0, 120)]
        {
            world.add(Spec { clock_skew_ppm: skew_ppm, wall_offset_s, ..Spec::browser() });
        }
        settle(&mut world, 60_000);
    });
}

#[test]
fn a_wall_clock_that_is_a_day_off_keeps_nobody_out() {
    each(2, |seed| {
        let mut world = network(seed, 0, 6, 200);
        for wall_offset_s in [-86_400, 86_400] {
            let tab = world.add(Spec { wall_offset_s, ..Spec::browser() });
            world.concern(tab);
            world.expect(60_000, "it joins all the same", |world| world.host(tab).is_joined());
        }
        settle(&mut world, 60_000);
    });
}

fn anybody_lists(world: &World, id: NodeId) -> bool {
    world.live().iter().any(|host| world.host(*host).link_to(id).is_some())
}

#[test]
fn a_direct_link_is_not_given_up_for_a_socket_to_the_same_peer() {
    each(4, |seed| {
        let mut world = network(seed, 1, 1, 200);
        let (relay, tab) = (HostId(0), HostId(1));
        let id = world.host(relay).id;
        let link = |world: &World| world.host(tab).link_to(id).map(|view| (view.link, view.kind));
        let direct = link(&world);
        assert_eq!(direct.map(|(_, kind)| kind), Some(LinkKind::WebRtc), "seed {seed}");
        // A tab with so few links dials every address it knows.
        world.tell_address(tab, relay);
        world.run_for(60_000);
        assert_eq!(link(&world), direct, "seed {seed}");
        assert_eq!(world.one_sided_links(), [], "seed {seed}");
        // The relay comes back knowing nobody while the tab still holds the dead link.
        world.crash(relay);
        world.restart(relay);
        world.expect(20_000, "they are linked again", |world| linked(world, relay, tab));
    });
}
