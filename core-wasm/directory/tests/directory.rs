//! A crowd that comes, stays and goes, over lists as the overlay keeps them, without the overlay: what one list says to one walk.

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_directory::{Announcing, Drawing, Spread, WALKS, place};
use tabmesh_port::{Instant, NodeId, Status, sha256};

const SECOND: u64 = 1_000_000;
const LASTS: u64 = 120 * SECOND;
const LIST_MAX: usize = 32;
const KEY: NodeId = NodeId([9; 32]);

fn id(number: u64) -> NodeId {
    NodeId(sha256(&number.to_be_bytes()))
}

/// All lists, and how often each was asked.
#[derive(Default)]
struct Lists {
    rows: BTreeMap<NodeId, Vec<(NodeId, u64)>>,
    asked: u64,
}

impl Lists {
    fn visit(&mut self, now: u64, place: NodeId, who: Option<NodeId>) -> (Status, Vec<NodeId>) {
        self.asked += 1;
        let rows = self.rows.entry(place).or_default();
        rows.retain(|(id, came)| now - came < LASTS && Some(*id) != who);
        let all: Vec<NodeId> = rows.iter().map(|(id, _)| *id).collect();
        if all.len() >= LIST_MAX {
            return (Status::Partial, all);
        }
        if let Some(who) = who {
            rows.push((who, now));
        }
        (Status::Ok, all)
    }
}

/// Those who take part, by when they want something next.
#[derive(Default)]
struct Crowd {
    lists: Lists,
    now: u64,
    members: BTreeMap<NodeId, Announcing>,
    due: BTreeSet<(u64, NodeId)>,
}

impl Crowd {
    /// So many come, each within a minute.
    fn come(&mut self, ids: impl Iterator<Item = NodeId>, depth: u8) {
        for id in ids {
            let at = self.now + u64::from(u16::from_be_bytes([id.0[20], id.0[21]])) * 60 * SECOND / 65_536;
            self.members.insert(id, Announcing::new(Instant(at), id, KEY, Spread::All, depth));
            self.due.insert((at, id));
        }
    }

    fn run_for(&mut self, us: u64) {
        let end = self.now + us;
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= end) {
            self.due.pop_first();
            self.now = at.max(self.now);
            let Some(member) = self.members.get_mut(&id) else { continue };
            let now = Instant(self.now);
            if let Some((place, stays)) = member.poll(now) {
                let (status, _) = self.lists.visit(self.now, place, stays.then_some(id));
                member.on_listed(now, status);
            }
            self.due.insert((member.wanted_at().0.max(self.now + 1), id));
        }
        self.now = end;
    }

    fn draw(&mut self, seed: u64, depth: u8, count: usize) -> (Vec<NodeId>, usize, u8) {
        let mut drawing = Drawing::new(KEY, Spread::All, count, depth, sha256(&seed.to_le_bytes()));
        let mut asked = 0;
        while let Some((walk, place)) = drawing.poll() {
            let (status, all) = self.lists.visit(self.now, place, None);
            drawing.on_listed(walk, status, &all);
            asked += 1;
        }
        assert!(drawing.is_over());
        (drawing.drawn(), asked, drawing.depth())
    }

    /// How often members of each of 16 groups are drawn, beside how often they should be: chi-square over its degrees of freedom.
    fn unevenness(&mut self, draws: u64, depth: u8) -> f64 {
        let mut drawn = [0.0; 16];
        let mut total = 0.0;
        for seed in 0..draws {
            for id in self.draw(seed, depth, 2).0 {
                drawn[usize::from(id.0[31] % 16)] += 1.0;
                total += 1.0;
            }
        }
        let mut members = [0.0; 16];
        self.members.keys().for_each(|id| members[usize::from(id.0[31] % 16)] += 1.0);
        let share = total / self.members.len() as f64;
        let chi: f64 = drawn
            .iter()
            .zip(members)
            .map(|(drawn, members)| (drawn - members * share).powi(2) / (members * share))
            .sum();
        chi / 15.0
    }
}

#[test]
fn everybody_is_on_a_list_and_no_list_is_full_for_long() {
    for count in [1, 5, 40, 700, 20_000] {
        let mut crowd = Crowd::default();
        crowd.come((0..count).map(id), 0);
        crowd.run_for(600 * SECOND);
        let listed: BTreeSet<NodeId> = crowd.lists.rows.values().flatten().map(|(id, _)| *id).collect();
        assert!(crowd.members.keys().all(|id| listed.contains(id)), "{count}");
        assert!(crowd.members.values().all(Announcing::is_listed), "{count}");
        // In steady state each comes once in 80 s, and to one list.
        let before = crowd.lists.asked;
        crowd.run_for(800 * SECOND);
        let rate = (crowd.lists.asked - before) as f64 / count as f64 / 10.0;
        assert!((0.9..1.35).contains(&rate), "{count}: {rate} visits for one renewal");
    }
}

#[test]
fn p5_draws_are_even_whether_lists_split_or_merge() {
    let mut crowd = Crowd::default();
    crowd.come((0..3_000).map(id), 0);
    crowd.run_for(400 * SECOND);
    let steady = crowd.unevenness(20_000, 7);
    assert!(steady < 2.5, "steady: {steady}");
    // Ten times as many come: lists split while it is drawn.
    crowd.come((3_000..30_000).map(id), 7);
    for minute in 0..4 {
        crowd.run_for(60 * SECOND);
        crowd.members.retain(|_, member| member.is_listed());
        let splitting = crowd.unevenness(10_000, 9);
        assert!(splitting < 6.0, "minute {minute} of splitting: {splitting}");
    }
    // Most leave without a word: lists merge, and those who left are on some until their time is up.
    let stay: Vec<NodeId> = crowd.members.keys().filter(|id| id.0[5] < 20).copied().collect();
    crowd.members.retain(|id, _| stay.contains(id));
    crowd.run_for(500 * SECOND);
    let merged = crowd.unevenness(20_000, 9);
    assert!(merged < 2.5, "merged: {merged}");
}

#[test]
fn p5_the_absent_are_in_no_draw_once_their_time_is_up() {
    let mut crowd = Crowd::default();
    crowd.come((0..2_000).map(id), 0);
    crowd.run_for(300 * SECOND);
    let gone: Vec<NodeId> = crowd.members.keys().step_by(2).copied().collect();
    crowd.members.retain(|id, _| !gone.contains(id));
    crowd.run_for(125 * SECOND);
    for seed in 0..500 {
        assert!(crowd.draw(seed, 6, 10).0.iter().all(|id| !gone.contains(id)));
    }
}

#[test]
fn ids_that_were_made_to_lie_in_one_place_win_little() {
    let mut crowd = Crowd::default();
    crowd.come((0..20_000).map(id), 10);
    let forged = |number: u64| {
        let mut id = id(number + 1_000_000);
        id.0[0] = 77;
        id
    };
    crowd.come((0..4_000).map(forged), 10);
    crowd.run_for(600 * SECOND);
    let (mut hits, mut total) = (0, 0);
    for seed in 0..5_000 {
        for id in crowd.draw(seed, 10, 2).0 {
            hits += u64::from(id.0[0] == 77);
            total += 1;
        }
    }
    // One in 256 by chance; a fifth again as many nodes as there are, all in one place.
    let share = hits as f64 / total as f64;
    assert!(share < 0.012, "{share} of all draws");
}

#[test]
fn a_walk_is_short_where_it_begins_well_and_ends_wherever_it_begins() {
    let mut crowd = Crowd::default();
    crowd.come((0..10_000).map(id), 9);
    crowd.run_for(400 * SECOND);
    for depth in [0, 9, 40] {
        let looks: Vec<(usize, u8)> = (0..200)
            .map(|seed| {
                let (_, asked, depth) = crowd.draw(seed, depth, 1);
                (asked, depth)
            })
            .collect();
        let mean = looks.iter().map(|(asked, _)| asked).sum::<usize>() as f64 / (200 * WALKS) as f64;
        let most = if depth == 9 {
            2.5
        } else if depth == 0 {
            12.0
        } else {
            34.0
        };
        assert!(mean <= most, "from depth {depth}: {mean} lists a walk");
        assert!(looks.iter().all(|(_, depth)| (7..=11).contains(depth)));
    }
}

#[test]
fn few_stand_on_one_list_and_the_others_come_again_now_and_then() {
    let mut lists = Lists::default();
    let mut crowd: Vec<Announcing> =
        (0..100).map(|n| Announcing::new(Instant(0), id(n), KEY, Spread::Few, 30)).collect();
    let mut asked = 0;
    for second in 0..600 {
        let now = Instant(second * SECOND);
        for (n, member) in crowd.iter_mut().enumerate() {
            if let Some((at, stays)) = member.poll(now) {
                assert_eq!(at, place(&KEY, &NodeId([0; 32]), 0));
                asked += 1;
                let (status, _) = lists.visit(now.0, at, stays.then_some(id(n as u64)));
                member.on_listed(now, status);
            }
        }
    }
    assert_eq!(crowd.iter().filter(|member| member.is_listed()).count(), LIST_MAX);
    assert!(asked <= 100 * 12, "{asked} visits of a hundred in ten minutes");
    let mut drawing = Drawing::new(KEY, Spread::Few, 50, 30, [1; 32]);
    let (walk, at) = drawing.poll().unwrap();
    let (status, all) = lists.visit(600 * SECOND, at, None);
    drawing.on_listed(walk, status, &all);
    assert!(drawing.poll().is_none() && drawing.is_over());
    let drawn: BTreeSet<NodeId> = drawing.drawn().into_iter().collect();
    assert_eq!(drawn.len(), LIST_MAX);
}

#[test]
fn lists_that_cannot_be_reached_are_asked_again_and_given_up() {
    let mut member = Announcing::new(Instant(0), id(1), KEY, Spread::All, 3);
    let (mut now, mut asked) = (Instant(0), 0);
    while now.0 < 300 * SECOND {
        if member.poll(now).is_some() {
            member.on_listed(now, Status::TimedOut);
            asked += 1;
        }
        now = member.wanted_at();
    }
    assert!((6..=12).contains(&asked), "{asked}");
    let mut drawing = Drawing::new(KEY, Spread::All, 2, 3, [1; 32]);
    let mut asked = 0;
    while let Some((walk, _)) = drawing.poll() {
        drawing.on_listed(walk, Status::Unavailable, &[]);
        drawing.on_listed(walk, Status::Ok, &[id(1)]);
        asked += 1;
    }
    assert_eq!((asked, drawing.drawn(), drawing.is_over()), (WALKS * 4, Vec::new(), true));
}

/// Somebody on the way says of every list that it is full.
#[test]
fn x3_a_list_that_is_always_full_is_not_asked_without_end() {
    for (spread, depth) in [(Spread::All, 0), (Spread::All, 40), (Spread::Few, 0)] {
        let mut member = Announcing::new(Instant(0), id(1), KEY, spread, depth);
        let (mut now, mut asked) = (Instant(0), 0);
        while now.0 < 600 * SECOND && asked < 10_000 {
            if member.poll(now).is_some() {
                member.on_listed(now, Status::Partial);
                asked += 1;
            }
            now = member.wanted_at();
        }
        assert!(asked <= 41 + 12, "{asked} lists in ten minutes, {spread:?} from {depth}");
        assert!(!member.is_listed());
        // Once there is room it stands somewhere.
        while !member.is_listed() {
            let now = member.wanted_at();
            member.poll(now);
            member.on_listed(now, Status::Ok);
        }
    }
}

/// What liars say of lists in a crowd that is settled: how many of a thousand draws are theirs, and how many seem to take part.
fn lied(
    crowd: &mut Crowd,
    depth: u8,
    lies: impl Fn(usize, u8, &NodeId) -> Option<Vec<NodeId>>,
) -> (f64, u64) {
    let (mut theirs, mut all, mut most) = (0, 0, 0);
    for seed in 0..500_u64 {
        let mut drawing = Drawing::new(KEY, Spread::All, 2, depth, sha256(&seed.to_le_bytes()));
        let mut looks = [0; WALKS];
        while let Some((walk, place)) = drawing.poll() {
            let (status, list) = crowd.lists.visit(crowd.now, place, None);
            let point = NodeId(sha256(
                &[&sha256(&seed.to_le_bytes())[..], &(walk as u64 + 1).to_be_bytes()].concat(),
            ));
            let list = lies(walk, looks[walk], &point).unwrap_or(list);
            looks[walk] += 1;
            drawing.on_listed(walk, status, &list);
        }
        let drawn = drawing.drawn();
        theirs += drawn.iter().filter(|id| !crowd.members.contains_key(*id)).count();
        all += drawn.len();
        most = most.max(drawing.population());
    }
    (theirs as f64 / all as f64, most)
}

fn settled(count: u64, depth: u8) -> Crowd {
    let mut crowd = Crowd::default();
    crowd.come((0..count).map(id), depth);
    crowd.run_for(400 * SECOND);
    crowd
}

#[test]
fn x8_who_does_not_belong_on_a_list_is_in_no_draw() {
    let mut crowd = settled(3_000, 7);
    let liars: Vec<NodeId> = (1_000_000..1_000_032).map(id).collect();
    // The first list of every walk is a liar's, which names 32 nodes of its own, wherever their ids lie.
    let (share, _) = lied(&mut crowd, 7, |_, look, _| (look == 0).then(|| liars.clone()));
    assert!(share < 0.05, "{share} of all draws");
}

#[test]
fn x8_lists_that_lie_say_little_of_how_many_take_part_and_win_few_draws() {
    let mut crowd = settled(100, 0);
    // Nodes that were made to lie near the point of a walk.
    let made = |point: &NodeId| -> Vec<NodeId> {
        let made = |number| NodeId([&point.0[..31], &[number]].concat().try_into().unwrap());
        (0..32).map(made).collect()
    };
    for depth in [0, 6, 40] {
        for (liars, share_most, most) in [(1, 0.45, 300), (2, 0.72, 500)] {
            let lies = |walk, look, point: &NodeId| (walk < liars && look == 0).then(|| made(point));
            let (share, population) = lied(&mut crowd, depth, lies);
            assert!(population <= most, "{population} of 100, {liars} lie at depth {depth}");
            assert!(share < share_most, "{share} of all draws, {liars} lie at depth {depth}");
        }
    }
}
