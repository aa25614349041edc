//! Voting on paper: honest voters are the rules alone, and all else is the enemy's: who is shown what, in which order, what liars sign, which blocks
//! there are. What has come of it is counted from signatures, by code that knows no rule.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::collections::{BTreeMap, BTreeSet};

use tabmesh_ledger::{Content, Entry, Hash, Key, Safety, Says, Spot, Statement};
use tabmesh_world::dice::Dice;

/// Heights that are played: one whole view and the beginning of the next.
const HEIGHTS: u32 = 8;
const ROUNDS: u64 = 4;
const SPOTS: u8 = 2;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Broken {
    TwoFinal,
    CertifiedReplaced,
    SettledOmitted,
}

struct Honest {
    safety: Safety,
    height: u32,
    spent: BTreeSet<Spot>,
    certificates: BTreeSet<(u32, Hash)>,
    journal: Vec<Vec<u8>>,
}

pub(crate) struct Paper {
    dice: Dice,
    liars: usize,
    quorum: usize,
    fast: usize,
    honest: Vec<Honest>,
    make: fn() -> Safety,
    /// Who has signed what: honest ones alone; liars have signed everything.
    signed: BTreeMap<(u8, u32, u32, u32, Hash), BTreeSet<usize>>,
    finals: BTreeMap<u32, BTreeSet<Hash>>,
    /// How often the enemy does what in this game: lock, acknowledge, vote, finalise, show a final block, start again.
    mood: [u64; 6],
    blocks: u64,
    shapes: u64,
    /// The height at which it begins: the last but one of a view, or the first one.
    first: u32,
    /// Whether journals are lost.
    pub(crate) loses: bool,
    /// From this height on the first honest one votes no more, and somebody new does.
    pub(crate) moves: u32,
}

fn spot(number: u8) -> Spot {
    (Key([number * 2; 32]), 7)
}

/// Operations 0 and 1 of a spot are rivals.
fn operation(spot: u8, which: u8) -> Hash {
    [100 + spot * 2 + which; 32]
}

/// What a block does, by its name: of each spot nothing, either operation, or both.
fn contents(block: &Hash) -> Vec<Content> {
    let mut all = Vec::new();
    for number in 0..SPOTS {
        for which in 0..2 {
            if block[1] >> (number * 2 + which) & 1 == 1 {
                all.push((spot(number), operation(number, which)));
            }
        }
    }
    all
}

fn block(height: u32, shape: u8, salt: u8) -> Hash {
    let mut name = [0; 32];
    (name[0], name[1], name[2]) = (height as u8, shape, salt);
    name
}

fn view(height: u32) -> u32 {
    (height - 1) / 6
}

impl Paper {
    pub(crate) fn new(
        seed: u64,
        (voters, liars): (usize, usize),
        (quorum, fast): (usize, usize),
        make: fn() -> Safety,
    ) -> Self {
        let honest = (liars..voters).map(|_| Honest {
            safety: make(),
            height: 1,
            spent: BTreeSet::new(),
            certificates: BTreeSet::new(),
            journal: Vec::new(),
        });
        let mut dice = Dice::new(seed, 77);
        let mood = [(); 6].map(|()| 1 << dice.below(6));
        let first = if dice.chance(0.5) { 5 } else { 1 };
        let (blocks, shapes) = (2 + dice.below(2), dice.draw());
        let mut paper = Self {
            dice,
            mood,
            blocks,
            shapes,
            first,
            liars,
            quorum,
            fast,
            honest: honest.collect(),
            make,
            signed: BTreeMap::new(),
            finals: BTreeMap::new(),
            loses: false,
            moves: u32::MAX,
        };
        for honest in &mut paper.honest {
            honest.write(&Entry::Opened { view: 0 });
            (1..first).for_each(|height| honest.take(height, &[0; 32]));
        }
        paper
    }

    /// Somebody comes, and somebody goes, at this height.
    pub(crate) fn move_at(&mut self, height: u32) {
        self.moves = height;
        let mut new = Honest {
            safety: (self.make)(),
            height: 1,
            spent: BTreeSet::new(),
            certificates: BTreeSet::new(),
            journal: Vec::new(),
        };
        new.write(&Entry::Opened { view: view(height) });
        (1..self.first).for_each(|height| new.take(height, &[0; 32]));
        self.honest.push(new);
    }

    fn sits(&self, who: usize, height: u32) -> bool {
        let has_moved = height >= self.moves;
        let is_new = self.moves < u32::MAX && who + 1 == self.honest.len();
        if is_new { has_moved } else { who > 0 || !has_moved }
    }

    fn count(&self, says: Says, (view, height, round): (u32, u32, u32), subject: Hash) -> usize {
        self.liars + self.signed.get(&(says as u8, view, height, round, subject)).map_or(0, BTreeSet::len)
    }

    fn has(&self, says: Says, place: (u32, u32, u32), subject: Hash) -> bool {
        let needed = if says == Says::Lock { self.fast } else { self.quorum };
        self.count(says, place, subject) >= needed
    }

    fn sign(&mut self, who: usize, statement: Statement, spot: Spot) {
        let Statement { says, view, height, round, subject } = statement;
        self.honest[who].write(&Entry::Signs { statement, spot, shown: Vec::new() });
        self.signed.entry((says as u8, view, height, round, subject)).or_default().insert(who);
    }

    fn any_block(&mut self, height: u32) -> Hash {
        // Few blocks meet more often than many.
        let salt = self.dice.below(self.blocks) as u8;
        block(height, (self.shapes >> (height * 4 + u32::from(salt) * 4)) as u8 & 15, salt)
    }

    /// The enemy does something.
    pub(crate) fn step(&mut self) {
        let who = self.dice.below(self.honest.len() as u64) as usize;
        let height = self.honest[who].height;
        if height > HEIGHTS {
            return;
        }
        let number = self.dice.below(SPOTS.into()) as u8;
        let (place, operation) = (spot(number), operation(number, self.dice.below(2) as u8));
        let top = self.dice.below(ROUNDS) + 1;
        let top = self.dice.below(top) + 1;
        let round = self.dice.below(top) as u32;
        let mut drawn = self.dice.below(self.mood.iter().sum());
        let action = self.mood.iter().position(|weight| {
            let is_it = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            is_it
        });
        if !self.sits(who, height) {
            return self.end(who, height);
        }
        match action.unwrap_or_default() {
            0 => self.lock(who, place, operation),
            1 => self.acknowledge(who, place, operation),
            2 => {
                let block = self.some_block(height);
                self.notarise(who, round, block);
            }
            3 => {
                let block = self.some_block(height);
                self.finalise(who, round, block);
            }
            4 => self.end(who, height),
            _ => {
                if self.loses && self.dice.below(20) == 0 {
                    self.lose(who);
                } else {
                    self.restart(who);
                }
            }
        }
    }

    /// A block that somebody has voted for already, or another one.
    fn some_block(&mut self, height: u32) -> Hash {
        let known: Vec<Hash> = self.signed.keys().filter(|key| key.2 == height).map(|key| key.4).collect();
        match known.len() as u64 {
            0 => self.any_block(height),
            len if self.dice.below(8) > 0 => known[self.dice.below(len) as usize],
            _ => self.any_block(height),
        }
    }

    fn lock(&mut self, who: usize, spot: Spot, subject: Hash) {
        let honest = &self.honest[who];
        if !honest.spent.contains(&spot) && honest.safety.may_lock(&spot, &subject) {
            let view = view(honest.height);
            self.sign(who, Statement { says: Says::Lock, view, height: 0, round: 0, subject }, spot);
        }
    }

    fn acknowledge(&mut self, who: usize, spot: Spot, subject: Hash) {
        let view = view(self.honest[who].height);
        if !self.has(Says::Lock, (view, 0, 0), subject) {
            return;
        }
        let honest = &mut self.honest[who];
        honest.certificates.insert((view, subject));
        if !honest.spent.contains(&spot) && honest.safety.may_acknowledge(&spot, &subject) {
            let says = Says::Acknowledge;
            self.sign(who, Statement { says, view, height: 0, round: 0, subject }, spot);
        }
    }

    fn notarise(&mut self, who: usize, round: u32, subject: Hash) {
        let honest = &self.honest[who];
        let (height, view) = (honest.height, view(honest.height));
        let notarised =
            (0..ROUNDS as u32).rev().find(|round| self.has(Says::Notarise, (view, height, *round), subject));
        let certified = |id: &Hash| honest.certificates.contains(&(view, *id));
        if honest.safety.may_notarise((round, subject), &contents(&subject), notarised, certified, |_| true) {
            self.sign(
                who,
                Statement { says: Says::Notarise, view, height, round, subject },
                (Key([0; 32]), 0),
            );
        }
    }

    fn finalise(&mut self, who: usize, round: u32, subject: Hash) {
        let honest = &self.honest[who];
        let (height, view) = (honest.height, view(honest.height));
        let is_notarised = self.has(Says::Notarise, (view, height, round), subject);
        if is_notarised && honest.safety.may_finalise(round, &subject) {
            self.sign(
                who,
                Statement { says: Says::Finalise, view, height, round, subject },
                (Key([0; 32]), 0),
            );
            if self.has(Says::Finalise, (view, height, round), subject) {
                self.finals.entry(height).or_default().insert(subject);
            }
        }
    }

    /// Somebody is shown the final block.
    fn end(&mut self, who: usize, height: u32) {
        let Some(finals) = self.finals.get(&height) else { return };
        let blocks: Vec<Hash> = finals.iter().copied().collect();
        let block = blocks[self.dice.below(blocks.len() as u64) as usize];
        let honest = &mut self.honest[who];
        honest.take(height, &block);
    }

    /// A voter starts again with its journal and its chain.
    fn restart(&mut self, who: usize) {
        let make = self.make;
        let honest = &mut self.honest[who];
        let spent = honest.spent.clone();
        honest.safety = make();
        (1..honest.height).for_each(|height| honest.safety.on_final(height, |spot| spent.contains(spot)));
        let journal = honest.journal.clone();
        journal.iter().for_each(|bytes| honest.safety.note(&Entry::read(bytes).expect("it was written so")));
    }

    /// A voter starts again with nothing but its chain. It may be of any age: here it is whole.
    fn lose(&mut self, who: usize) {
        self.honest[who].journal.clear();
        self.restart(who);
    }

    /// What went wrong, by signatures and blocks alone.
    pub(crate) fn broken(&self) -> BTreeSet<Broken> {
        let mut broken = BTreeSet::new();
        if self.finals.values().any(|blocks| blocks.len() > 1) {
            broken.insert(Broken::TwoFinal);
        }
        for number in 0..SPOTS {
            for which in 0..2 {
                let (place, own) = (spot(number), operation(number, which));
                let there = |block: &Hash| -> Vec<Hash> {
                    contents(block).into_iter().filter(|(spot, _)| *spot == place).map(|(_, id)| id).collect()
                };
                for sitting in 0..2 {
                    let of_view = self.finals.iter().filter(|(height, _)| view(**height) == sitting);
                    let mut blocks = of_view.flat_map(|(_, blocks)| blocks);
                    // What an account did once it cannot do again: only what came first counts.
                    let first = blocks.clone().map(there).find(|there| !there.is_empty());
                    let is_replaced = first.as_ref().is_some_and(|first| *first != [own]);
                    let is_earlier = self.finals.iter().any(|(height, blocks)| {
                        view(*height) < sitting && blocks.iter().any(|block| !there(block).is_empty())
                    });
                    let is_over = self.finals.contains_key(&((sitting + 1) * 6));
                    let is_in = blocks.any(|block| there(block) == [own]);
                    let settled = self.has(Says::Acknowledge, (sitting, 0, 0), own)
                        && self.has(Says::Lock, (sitting, 0, 0), own);
                    if is_earlier {
                        continue;
                    }
                    if self.has(Says::Lock, (sitting, 0, 0), own) && is_replaced {
                        broken.insert(Broken::CertifiedReplaced);
                    }
                    if settled && (is_replaced || is_over && !is_in) {
                        broken.insert(Broken::SettledOmitted);
                    }
                }
            }
        }
        broken
    }

    /// How many blocks became final.
    pub(crate) fn finals(&self) -> usize {
        self.finals.len()
    }

    /// How many operations were settled.
    pub(crate) fn settled(&self) -> usize {
        let all = self.signed.keys().filter(|key| key.0 == Says::Acknowledge as u8);
        all.filter(|key| self.has(Says::Acknowledge, (key.1, key.2, key.3), key.4)).count()
    }
}

impl Honest {
    fn write(&mut self, entry: &Entry) {
        self.journal.push(entry.emit());
        self.safety.note(entry);
    }

    fn take(&mut self, height: u32, block: &Hash) {
        self.spent.extend(contents(block).into_iter().map(|(spot, _)| spot));
        let spent = self.spent.clone();
        self.safety.on_final(height, |spot| spent.contains(spot));
        self.height = height + 1;
    }
}

/// Plays so often, and tells what went wrong in which share of the games.
pub(crate) fn play(
    seeds: core::ops::Range<u64>,
    size: (usize, usize),
    marks: (usize, usize),
    make: fn() -> Safety,
    (loses, moves): (bool, u32),
) -> BTreeMap<Broken, u64> {
    let mut sum = BTreeMap::new();
    let (mut finals, mut settled) = (0, 0);
    for seed in seeds.clone() {
        let mut paper = Paper::new(seed, size, marks, make);
        paper.loses = loses;
        if moves < u32::MAX {
            paper.move_at(moves);
        }
        (0..1_500).for_each(|_| paper.step());
        (finals, settled) = (finals + paper.finals(), settled + paper.settled());
        paper.broken().into_iter().for_each(|broken| {
            sum.entry(broken).or_insert_with(|| {
                println!("{broken:?} first at seed {seed}, {size:?}");
                0
            });
            *sum.get_mut(&broken).expect("it is there") += 1;
        });
    }
    println!("{size:?}: {finals} final blocks, {settled} settled operations in {seeds:?}, broken: {sum:?}");
    assert!(finals > 0, "a game in which nothing happens shows nothing");
    sum
}
