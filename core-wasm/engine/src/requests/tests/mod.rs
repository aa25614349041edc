//! Requests over a ground of their own: what leaves, what an answer does, what no answer does.

mod asks;

use alloc::vec::Vec;

use super::{Aim, Requests};
use crate::coordinate::Coordinate;
use crate::ground::Ground;
use crate::ground::testing::{ground, outputs, random_id, sent};
use crate::id::{BlockHash, NodeId};
use crate::io::kinds::{input, output};
use crate::io::{Flat, JobId, LinkId, OpId};
use crate::limits::{REQUESTS_MAX, REQUESTS_OWN};
use crate::rng::Rng;
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::{Body, Frame};
use crate::wire::named;

const OP: OpId = OpId(7);

/// One request frame that left: by which link, its number, and whether it is of this kind.
fn asked(ground: &mut Ground, kind: u8) -> Vec<(LinkId, u32)> {
    let mut asked = Vec::new();
    for (link, frame) in sent(ground) {
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame)
            && !routed.reply
            && routed.kind == kind
        {
            asked.push((link, routed.request));
        }
    }
    asked
}

fn peer(ground: &Ground, link: LinkId) -> NodeId {
    ground.links.get(link).map(|link| link.peer).expect("a link")
}

fn random_hash() -> BlockHash {
    *BlockHash::at(&random_id(&mut Rng::new(3)))
}

fn nodes(ids: &[NodeId]) -> Vec<u8> {
    let mut writer = Writer::default();
    for id in ids {
        named::emit(&mut writer, id, &Coordinate::default());
    }
    writer.finish()
}

fn done(outputs: &[Flat]) -> Option<Status> {
    let done = outputs.iter().find(|flat| flat.kind == output::DONE && flat.number == OP.0)?;
    Status::from_code(done.value as u16)
}

/// Lets time pass until the next request is late.
fn wait(requests: &mut Requests, ground: &mut Ground) -> bool {
    let (now, mut next) = (ground.now, Instant::NEVER);
    for request in &requests.list {
        next = next.min(request.course.deadline);
    }
    ground.now = next.max(now);
    requests.on_time(ground)
}

#[test]
fn a_lookup_asks_three_disjoint_first_hops_and_believes_two_that_agree() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let target = random_id(&mut Rng::new(3));
    requests.look_up(&mut ground, Some(OP), Aim::Find, &target);
    let asked = asked(&mut ground, Body::Find.kind());
    assert_eq!(asked.len(), 3);
    let nearest = target.flipped(200);
    let named = nodes(&[nearest]);
    for (count, (_, number)) in asked.iter().take(2).enumerate() {
        assert_eq!(done(&outputs(&mut ground)), None, "after {count} answers");
        assert!(requests.on_answered(&mut ground, None, *number, &nearest, Status::Ok, &named).is_some());
    }
    assert_eq!(done(&outputs(&mut ground)), Some(Status::Ok));
}

#[test]
fn a_nearer_id_that_is_only_named_is_not_believed() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let target = random_id(&mut Rng::new(3));
    requests.look_up(&mut ground, Some(OP), Aim::Find, &target);
    let asked = asked(&mut ground, Body::Find.kind());
    let (liar, made_up) = (peer(&ground, asked[0].0), target.flipped(250));
    for (_, number) in &asked {
        requests.on_answered(&mut ground, None, *number, &liar, Status::Ok, &nodes(&[made_up]));
    }
    wait(&mut requests, &mut ground);
    let outputs = outputs(&mut ground);
    assert_eq!(done(&outputs), None, "it goes on over other first hops");
    assert!(outputs.iter().any(|flat| flat.kind == output::SEND));
}

#[test]
fn the_own_place_is_known_once_all_that_were_asked_answered() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let own = ground.id;
    requests.look_up(&mut ground, None, Aim::Join, &own);
    assert_eq!(requests.lookups(Aim::Join), 1);
    let asked = asked(&mut ground, Body::Find.kind());
    let mut verdicts = Vec::new();
    for (link, number) in &asked {
        let from = peer(&ground, *link);
        let aim =
            requests.on_answered(&mut ground, None, *number, &from, Status::Ok, &[]).expect("it is awaited");
        aim.heed(&mut ground, &from, *link, &[]);
        verdicts.push(requests.ended == Some(Aim::Join));
    }
    assert_eq!(verdicts, [false, true], "a joined node asks two");
    assert_eq!(requests.lookups(Aim::Join), 0);
}

#[test]
fn a_lookup_that_nobody_answers_ends_after_five_attempts() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    requests.look_up(&mut ground, Some(OP), Aim::Find, &random_id(&mut Rng::new(3)));
    let mut branches = Vec::from([asked(&mut ground, Body::Find.kind()).len()]);
    for _ in 0..4 {
        wait(&mut requests, &mut ground);
        branches.push(asked(&mut ground, Body::Find.kind()).len());
    }
    assert_eq!(branches, [3, 6, 12, 24, 30], "and of thirty links each once an attempt at most");
    wait(&mut requests, &mut ground);
    assert_eq!(done(&outputs(&mut ground)), Some(Status::TimedOut));
}

#[test]
fn a_block_is_asked_of_those_that_were_named_and_stored_when_it_comes() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let hash = random_hash();
    requests.fetch(&mut ground, Some(OP), None, &hash);
    let first = asked(&mut ground, Body::Get(&hash).kind());
    let [(link, number)] = first[..] else { panic!("{} asked", first.len()) };
    let (from, holder) = (peer(&ground, link), hash.place().flipped(220));
    requests.on_answered(&mut ground, None, number, &from, Status::NotFound, &nodes(&[holder]));
    assert_eq!(asked(&mut ground, Body::Get(&hash).kind()).len(), 1, "the holder that was named");
    requests.on_answered(&mut ground, None, number, &holder, Status::Ok, b"block");
    let stores = outputs(&mut ground);
    let store = stores.iter().find(|flat| flat.kind == output::STORE).expect("it is stored");
    assert_eq!((&store.id[..], &store.bytes[..], store.value), (&hash.0[..], &b"block"[..], 0));
    let job = ground.end_job(JobId(store.number)).unwrap();
    requests.on_job_done(&mut ground, &job, input::STORED, &[]);
    assert_eq!(done(&outputs(&mut ground)), Some(Status::Ok));
}

#[test]
fn a_busy_holder_is_asked_again_by_the_same_way() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let hash = random_hash();
    requests.fetch(&mut ground, Some(OP), None, &hash);
    let (link, number) = asked(&mut ground, Body::Get(&hash).kind())[0];
    let (from, since) = (peer(&ground, link), ground.now);
    requests.on_answered(&mut ground, None, number, &from, Status::TooManyRequests, &[]);
    assert!(asked(&mut ground, Body::Get(&hash).kind()).is_empty());
    wait(&mut requests, &mut ground);
    assert!(ground.now.since(since) < Duration::from_ms(1_000));
    assert_eq!(asked(&mut ground, Body::Get(&hash).kind()), [(link, number)]);
}

#[test]
fn a_lost_link_makes_its_request_late_at_once() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let hash = random_hash();
    requests.fetch(&mut ground, Some(OP), None, &hash);
    let (link, _) = asked(&mut ground, Body::Get(&hash).kind())[0];
    ground.links.remove(link);
    requests.on_link_lost(&mut ground, link);
    let since = ground.now;
    wait(&mut requests, &mut ground);
    assert_eq!(ground.now, since);
    assert!(asked(&mut ground, Body::Get(&hash).kind()).iter().all(|(other, _)| *other != link));
}

#[test]
fn a_block_leaves_once_even_where_its_giver_is_the_closest() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let hash = *BlockHash::at(&ground.id.flipped(255));
    let (link, _) = put(&mut requests, &mut ground, &hash);
    assert_eq!(peer(&ground, link), ground.nearest_linked(hash.place(), 2).ids()[1]);
}

#[test]
fn a_lone_nodes_block_is_with_nobody() {
    let (mut ground, mut requests) = (ground(0), Requests::default());
    requests.put(&mut ground, OP, &random_hash());
    requests.pump(&mut ground);
    let outputs = outputs(&mut ground);
    let ended = outputs.iter().find(|flat| flat.kind == output::DONE).expect("the put ends");
    assert_eq!(ended.value, Status::Partial as u32);
}

#[test]
fn at_the_bound_the_application_is_refused_and_the_nodes_own_lookups_are_not() {
    let (mut ground, mut requests) = (ground(8), Requests::default());
    let target = random_id(&mut Rng::new(3));
    for _ in 0..REQUESTS_MAX - REQUESTS_OWN {
        requests.put(&mut ground, OpId(1), BlockHash::at(&target));
    }
    requests.put(&mut ground, OP, BlockHash::at(&target));
    assert_eq!(done(&outputs(&mut ground)), Some(Status::TooManyRequests));
    requests.look_up(&mut ground, None, Aim::Fill, &target);
    assert_eq!(requests.lookups(Aim::Fill), 1);
    requests.cancel(OpId(1));
    requests.put(&mut ground, OP, BlockHash::at(&target));
    assert_eq!(done(&outputs(&mut ground)), None);
}

#[test]
fn a_late_answer_counts_and_teaches_patience() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    let mut rng = Rng::new(3);
    let mut waited = Vec::new();
    for _ in 0..12 {
        let target = random_id(&mut rng);
        let began = ground.now;
        requests.look_up(&mut ground, Some(OP), Aim::Find, &target);
        let first = asked(&mut ground, Body::Find.kind());
        waited.push(requests.list[0].course.deadline.since(began).ms());
        // Every answer takes three seconds.
        while requests.list[0].course.deadline.since(began).ms() <= 3_000 {
            wait(&mut requests, &mut ground);
        }
        outputs(&mut ground);
        ground.now = began + Duration::from_ms(3_000);
        let nearest = target.flipped(200);
        for (_, number) in first {
            requests.on_answered(&mut ground, None, number, &nearest, Status::Ok, &nodes(&[nearest]));
        }
        assert_eq!(done(&outputs(&mut ground)), Some(Status::Ok));
    }
    assert_eq!(waited[0], 1_200);
    assert!((3_000..6_000).contains(waited.last().unwrap()), "{waited:?}");
}

#[test]
fn answers_of_attempts_that_were_lost_teach_no_patience() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    let mut rng = Rng::new(3);
    for _ in 0..12 {
        let target = random_id(&mut rng);
        requests.look_up(&mut ground, Some(OP), Aim::Find, &target);
        asked(&mut ground, Body::Find.kind());
        wait(&mut requests, &mut ground);
        let nearest = target.flipped(200);
        for (_, number) in asked(&mut ground, Body::Find.kind()) {
            requests.on_answered(&mut ground, None, number, &nearest, Status::Ok, &nodes(&[nearest]));
        }
        assert_eq!(done(&outputs(&mut ground)), Some(Status::Ok));
    }
    let began = ground.now;
    requests.look_up(&mut ground, Some(OP), Aim::Find, &random_id(&mut rng));
    assert_eq!(requests.list[0].course.deadline.since(began).ms(), 1_200);
}

#[test]
fn own_lookups_are_repeated_for_one_in_four_once_what_was_saved_is_spent() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    let mut rng = Rng::new(3);
    let mut asked_in_all = 0;
    for _ in 0..100 {
        requests.look_up(&mut ground, None, Aim::Fill, &random_id(&mut rng));
        while !requests.list.is_empty() {
            wait(&mut requests, &mut ground);
        }
        asked_in_all += asked(&mut ground, Body::Find.kind()).len();
    }
    assert!((130..=145).contains(&asked_in_all), "{asked_in_all} for 100 lookups");
}

/// A put whose block is read and sent, by a link that takes it at once; its number and link.
fn put(requests: &mut Requests, ground: &mut Ground, hash: &BlockHash) -> (LinkId, u32) {
    requests.put(ground, OP, hash);
    requests.pump(ground);
    read_own(requests, ground)
}

fn read_own(requests: &mut Requests, ground: &mut Ground) -> (LinkId, u32) {
    let outputs = outputs(ground);
    let load = outputs.iter().find(|flat| flat.kind == output::LOAD).expect("it is read");
    let job = ground.end_job(JobId(load.number)).unwrap();
    requests.on_job_done(ground, &job, input::LOADED, &[7; 16_000]);
    let (link, number) = asked(ground, 4)[0];
    let now = ground.now;
    ground.links.get_mut(link).unwrap().flow.drained(now, 0);
    (link, number)
}

#[test]
fn a_put_without_an_answer_goes_by_another_link() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    let hash = random_hash();
    let began = ground.now;
    let (first, number) = put(&mut requests, &mut ground, &hash);
    wait(&mut requests, &mut ground);
    assert_eq!(ground.now.since(began).ms(), 9_000);
    requests.pump(&mut ground);
    let (second, _) = read_own(&mut requests, &mut ground);
    assert_ne!(first, second);
    let again = ground.now;
    assert_eq!(requests.list[0].course.deadline.since(again).ms(), 9_000);
    // The first answer comes late, and counts.
    requests.on_answered(&mut ground, None, number, &hash.place().flipped(220), Status::Ok, &[8]);
    assert_eq!(done(&outputs(&mut ground)), Some(Status::Ok));
}

#[test]
fn a_holder_that_is_always_busy_is_passed_over() {
    let (mut ground, mut requests) = (ground(30), Requests::default());
    let hash = random_hash();
    let (first, mut number) = put(&mut requests, &mut ground, &hash);
    let mut answers = 0;
    loop {
        requests.on_answered(
            &mut ground,
            None,
            number,
            &hash.place().flipped(220),
            Status::TooManyRequests,
            &[],
        );
        answers += 1;
        assert!(answers < 20, "the same holder was asked {answers} times");
        // In a node this follows every input.
        requests.pump(&mut ground);
        if ground.count_jobs(&|_| true) == 0 {
            wait(&mut requests, &mut ground);
            requests.pump(&mut ground);
        }
        let (link, next) = read_own(&mut requests, &mut ground);
        number = next;
        if link != first {
            break;
        }
    }
}
