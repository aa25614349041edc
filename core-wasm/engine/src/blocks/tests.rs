//! One node's blocks over a ground of its own: what goes out for what comes in.

mod repair;

use alloc::vec::Vec;

use super::placement::{Placement, Why};
use super::tables::Blocks;
use crate::ground::testing::{asked_by, ground, outputs, sent};
use crate::ground::{Ground, ReplyTo};
use crate::id::{BlockHash, NodeId};
use crate::io::kinds::{input, output};
use crate::io::{Flat, JobId, LinkId};
use crate::limits::{CANDIDATES, CREDIT, PLACEMENTS_MAX, REPLICAS};
use crate::status::Status;
use crate::time::{Duration, Instant};
use crate::wire::frame::{Body, Frame};

const HASH: BlockHash = BlockHash([5; 32]);
const ASKER: NodeId = NodeId([6; 32]);

/// Somebody asks for the block by the first link.
fn serve(ground: &mut Ground, blocks: &mut Blocks) {
    let link = ground.links.iter().next().unwrap().id;
    let reply = asked_by(ground, link, &ASKER);
    blocks.serve(ground, reply, &HASH, true);
}

/// The job of this kind that was begun last.
fn job(outputs: &[Flat], kind: u32) -> Option<JobId> {
    outputs.iter().rfind(|flat| flat.kind == kind).map(|flat| JobId(flat.number))
}

/// What was answered.
fn answers(ground: &mut Ground) -> Vec<(Status, Vec<u8>)> {
    let mut answers = Vec::new();
    for (_, frame) in sent(ground) {
        let Some(Frame::Routed(routed)) = Frame::parse(&frame) else { continue };
        if let Some(Body::Answer { status, bytes } | Body::Nodes { status, nodes: bytes }) = routed.body() {
            answers.push((status, bytes.to_vec()));
        }
    }
    answers
}

#[test]
fn a_block_is_served_once_it_is_read() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    let load = job(&outputs(&mut ground), output::LOAD).unwrap();
    let load = ground.end_job(load).unwrap();
    blocks.on_job_done(&mut ground, &load, input::LOADED, b"block");
    assert_eq!(answers(&mut ground), [(Status::Ok, b"block".to_vec())]);
}

#[test]
fn a_block_that_is_not_here_is_answered_with_those_who_may_have_it() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    let load = job(&outputs(&mut ground), output::LOAD).unwrap();
    let load = ground.end_job(load).unwrap();
    blocks.on_job_done(&mut ground, &load, input::MISSING, &[]);
    let answers = answers(&mut ground);
    assert_eq!(answers[0].0, Status::NotFound);
    assert!(!answers[0].1.is_empty());
}

#[test]
fn nothing_is_read_for_a_link_without_room() {
    let (mut ground, mut blocks) = (ground(1), Blocks::default());
    let link = ground.links.iter().next().unwrap().id;
    ground.links.get_mut(link).unwrap().flow.sent(CREDIT as usize, true);
    serve(&mut ground, &mut blocks);
    blocks.pump(&mut ground);
    assert!(outputs(&mut ground).is_empty());
}

/// A block that somebody gave this node to place, and a peer for each of its holders.
struct Trial {
    ground: Ground,
    blocks: Blocks,
}

/// How a placement ended, and how many hold the block.
type Placed = Option<(Status, usize)>;

impl Trial {
    fn begin(peers: usize) -> Self {
        let mut trial = Self { ground: ground(peers), blocks: Blocks::default() };
        assert!(trial.place().is_none());
        trial
    }

    /// The block comes, and this node stores it.
    fn place(&mut self) -> Placed {
        let link = self.ground.links.iter().next().unwrap().id;
        let reply = asked_by(&self.ground, link, &ASKER);
        self.blocks.on_put(&mut self.ground, reply, &HASH, b"block", false);
        let store = job(&outputs(&mut self.ground), output::STORE).unwrap();
        let store = self.ground.end_job(store).unwrap();
        self.blocks.on_job_done(&mut self.ground, &store, input::STORED, &[]);
        self.placed()
    }

    /// What the giver was told since.
    fn placed(&mut self) -> Placed {
        let (status, holders) = answers(&mut self.ground).pop()?;
        Some((status, usize::from(holders[0])))
    }

    /// Who gets the block now, and under which number.
    fn sent(&mut self) -> Vec<(NodeId, u32)> {
        self.blocks.pump(&mut self.ground);
        let Some(load) = job(&outputs(&mut self.ground), output::LOAD) else { return Vec::new() };
        let load = self.ground.end_job(load).unwrap();
        self.blocks.on_job_done(&mut self.ground, &load, input::LOADED, b"block");
        let mut holders = Vec::new();
        for (link, frame) in sent(&mut self.ground) {
            if let Some(Frame::Routed(routed)) = Frame::parse(&frame) {
                assert_eq!(routed.body(), Some(Body::Put { hash: &HASH, block: b"block" }));
                holders.push((self.ground.links.get(link).unwrap().peer, routed.request));
            }
        }
        holders
    }

    fn answer(&mut self, (peer, number): &(NodeId, u32), status: Status) -> Placed {
        assert!(self.blocks.on_answered(&mut self.ground, *number, peer, status));
        self.placed()
    }

    /// All of these keep it.
    fn keep(&mut self, holders: &[(NodeId, u32)]) {
        for holder in holders {
            assert!(self.answer(holder, Status::Ok).is_none());
        }
    }

    fn wait(&mut self, ms: u64) -> Placed {
        self.ground.now = self.ground.now + Duration::from_ms(ms);
        self.blocks.on_time(&mut self.ground);
        self.placed()
    }
}

#[test]
fn a_block_goes_to_the_nearest_and_those_that_keep_it_are_counted() {
    let mut placing = Trial::begin(20);
    let holders = placing.sent();
    let nearest = placing.ground.nearest_linked(HASH.place(), REPLICAS);
    assert_eq!(holders.len(), REPLICAS - 1);
    assert!(holders.iter().all(|(peer, _)| nearest.contains(peer)));
    placing.keep(&holders[1..]);
    assert_eq!(placing.answer(&holders[0], Status::Ok), Some((Status::Ok, REPLICAS)));
}

#[test]
fn x8_all_candidates_beside_its_giver_may_hold_a_block() {
    let (mut ground, mut blocks) = (ground(3 * CANDIDATES), Blocks::default());
    let nearest = ground.nearest_linked(HASH.place(), CANDIDATES + 1);
    let giver = nearest.ids()[3];
    for id in nearest.ids().iter().take(CANDIDATES) {
        blocks.failing.add(id, Why::Store, ground.now);
    }
    let mut placement = Placement {
        token: 1,
        reply: ReplyTo { origin: giver, request: 1, path: Vec::new() },
        hash: HASH,
        holders: Vec::new(),
        is_held: false,
        is_loading: false,
        deadline: Instant::NEVER,
    };
    placement.refill(&mut ground, &blocks.failing);
    let last = nearest.ids()[CANDIDATES];
    assert!(placement.holders.len() == 1 && placement.holder(&last).is_some());
}

#[test]
fn x8_a_full_holder_is_passed_over_and_the_next_nearest_takes_its_place() {
    let mut placing = Trial::begin(20);
    let holders = placing.sent();
    assert!(placing.answer(&holders[0], Status::InsufficientStorage).is_none());
    let next = placing.sent();
    assert_eq!(next.len(), 1);
    assert!(!holders.contains(&next[0]));
    placing.keep(&holders[1..]);
    assert_eq!(placing.answer(&next[0], Status::Ok), Some((Status::Ok, REPLICAS)));
    // It is left out for a while, and no longer.
    placing.place();
    assert!(placing.sent().iter().all(|(peer, _)| *peer != holders[0].0));
    placing.ground.now = placing.ground.now + Duration::from_ms(61_000);
    placing.place();
    assert!(placing.sent().iter().any(|(peer, _)| *peer == holders[0].0));
}

#[test]
fn a_silent_holder_makes_room_for_the_next_and_counts_if_it_answers_after_all() {
    let mut placing = Trial::begin(20);
    let holders = placing.sent();
    placing.keep(&holders[1..]);
    assert!(placing.wait(2_500).is_none());
    assert_eq!(placing.sent().len(), 1);
    assert_eq!(placing.answer(&holders[0], Status::Ok), Some((Status::Ok, REPLICAS)));
}

#[test]
fn where_nobody_can_take_its_place_a_slow_holder_is_left_out_only_if_it_is_silent_to_the_end() {
    let mut placing = Trial::begin(4);
    let holders = placing.sent();
    placing.keep(&holders[1..]);
    assert!(placing.wait(2_500).is_none());
    placing.place();
    assert_eq!(placing.sent().len(), 4);
    assert_eq!(placing.answer(&holders[0], Status::Ok), Some((Status::Ok, 5)));
    assert_eq!(placing.wait(6_500), Some((Status::Partial, 1)));
    placing.place();
    assert!(placing.sent().is_empty());
}

#[test]
fn x4_a_holder_whose_link_takes_nothing_makes_room_for_the_next() {
    let mut placing = Trial::begin(20);
    let nearest = placing.ground.nearest_linked(HASH.place(), REPLICAS);
    let stuck = nearest.ids().iter().find(|id| **id != placing.ground.id).copied().unwrap();
    let link = placing.ground.links.to(&stuck).unwrap().id;
    placing.ground.links.get_mut(link).unwrap().flow.sent(CREDIT as usize, true);
    let holders = placing.sent();
    assert_eq!(holders.len(), REPLICAS - 2);
    placing.keep(&holders);
    assert!(placing.wait(4_500).is_none());
    let next = placing.sent();
    assert!(next.len() == 1 && next[0].0 != stuck);
    assert_eq!(placing.answer(&next[0], Status::Ok), Some((Status::Ok, REPLICAS)));
}

#[test]
fn a_busy_holder_is_asked_again() {
    let mut placing = Trial::begin(3);
    let holders = placing.sent();
    assert!(placing.answer(&holders[0], Status::TooManyRequests).is_none());
    assert!(placing.sent().is_empty());
    assert!(placing.wait(400).is_none());
    assert_eq!(placing.sent(), holders[..1]);
}

#[test]
fn where_some_hold_a_block_and_others_have_no_room_it_is_placed_in_part() {
    let mut placing = Trial::begin(5);
    let holders = placing.sent();
    assert_eq!(holders.len(), 5);
    placing.keep(&holders[1..]);
    assert_eq!(placing.answer(&holders[0], Status::InsufficientStorage), Some((Status::Partial, 5)));
}

#[test]
fn a_holder_that_is_lost_is_not_waited_for() {
    let mut placing = Trial::begin(2);
    let holders = placing.sent();
    placing.keep(&holders[1..]);
    placing.blocks.on_holder_lost(&mut placing.ground, &holders[0].0);
    assert_eq!(placing.placed(), Some((Status::Partial, 2)));
    placing.blocks.on_holder_lost(&mut placing.ground, &holders[0].0);
    assert!(placing.placed().is_none());
}

#[test]
fn x4_silent_holders_keep_no_placement() {
    let mut placing = Trial::begin(3);
    placing.sent();
    assert!(placing.wait(2_500).is_none());
    assert_eq!(placing.wait(4_000), Some((Status::Partial, 1)));
}

/// Gives the node a block by this link, to place.
fn give(ground: &mut Ground, blocks: &mut Blocks, link: LinkId, number: u8) {
    let reply = asked_by(ground, link, &ASKER);
    blocks.on_put(ground, reply, &BlockHash([number; 32]), b"block", false);
}

#[test]
fn x4_links_that_have_all_placements_make_room_for_another() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let links = ground.links.numbers(&|_| true);
    for number in 0..PLACEMENTS_MAX as u8 + 4 {
        give(&mut ground, &mut blocks, links[usize::from(number % 2)], number);
    }
    let stored =
        |ground: &mut Ground| outputs(ground).iter().filter(|flat| flat.kind == output::STORE).count();
    assert_eq!(stored(&mut ground), PLACEMENTS_MAX);
    for number in 100..105 {
        give(&mut ground, &mut blocks, links[2], number);
    }
    assert_eq!(stored(&mut ground), 5);
}

#[test]
fn x8_who_has_no_room_lets_the_next_nearest_place_a_block() {
    let (mut ground, mut blocks) = (ground(3), Blocks::default());
    let links = ground.links.numbers(&|_| true);
    give(&mut ground, &mut blocks, links[0], 5);
    let store = job(&outputs(&mut ground), output::STORE).unwrap();
    let store = ground.end_job(store).unwrap();
    blocks.on_job_done(&mut ground, &store, input::FULL, &[]);
    assert_eq!(answers(&mut ground)[0].0, Status::InsufficientStorage);
    // To this block nobody is nearer.
    let hash = *BlockHash::at(&ground.id.flipped(200));
    for link in links {
        let reply = asked_by(&ground, link, &ASKER);
        let request = reply.request;
        blocks.on_put(&mut ground, reply, &hash, b"block", false);
        let frames = sent(&mut ground);
        let Some(Frame::Routed(routed)) = Frame::parse(&frames[0].1) else { panic!("nothing is passed on") };
        assert!(!routed.reply && !routed.exact);
        assert_ne!(frames[0].0, link, "its answer would not come back");
        assert_eq!((*routed.origin, routed.request), (ASKER, request));
        assert_eq!(routed.body(), Some(Body::Put { hash: &hash, block: b"block" }));
    }
}

#[test]
fn x4_serves_that_wait_for_credit_are_over_in_time() {
    let (mut ground, mut blocks) = (ground(1), Blocks::default());
    let link = ground.links.iter().next().unwrap().id;
    ground.links.get_mut(link).unwrap().flow.sent(CREDIT as usize, true);
    serve(&mut ground, &mut blocks);
    ground.now = ground.now + Duration::from_ms(11_000);
    blocks.on_time(&mut ground);
    assert_eq!(answers(&mut ground)[0].0, Status::TooManyRequests);
}
