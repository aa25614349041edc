//! What the enemy does with its keys: it hears all that liars are told, signs whatever helps, and tells each honest voter something else.

use tabmesh_ledger::{Hash, Operation, Says, Statement};
use tabmesh_port::{NodeId, Told, sha256};
use tabmesh_world::dice::Dice;
use tabmesh_world::perfect::Place;

use super::{EPOCH, Town};

/// A block that somebody could vote for: height, round, hash.
pub(crate) type Target = (u32, u32, Hash);

/// The enemy's mind.
pub(crate) struct Enemy {
    pub(crate) dice: Dice,
    pub(crate) targets: Vec<Target>,
    /// Operations that it knows.
    pub(crate) known: Vec<Operation>,
}

impl Enemy {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 666), targets: Vec::new(), known: Vec::new() }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.dice.below(bound as u64) as usize
    }

    /// Does a few things at random.
    pub(crate) fn act(&mut self, town: &mut Town) {
        self.listen(town);
        match self.below(4) {
            0 => self.propose(town),
            1 | 2 => self.vote(town),
            _ => self.babble(town),
        }
    }

    /// What liars were told: proposals are worth a vote.
    fn listen(&mut self, town: &Town) {
        for liar in &town.liars {
            for bytes in town.stores[liar.0].borrow_mut().heard.drain(..) {
                if bytes[0] == 2 && bytes.len() >= 5 + 322 {
                    let round = u32::from_be_bytes(bytes[1..5].try_into().expect("4 bytes"));
                    let header = &bytes[5..5 + 322];
                    let height = u32::from_be_bytes(header[50..54].try_into().expect("4 bytes"));
                    self.aim((height, round, block_of(header)));
                }
            }
        }
        let keep = self.targets.len().saturating_sub(12);
        self.targets.drain(..keep);
    }

    fn aim(&mut self, target: Target) {
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    /// Where a liar leads it proposes other blocks to others.
    fn propose(&mut self, town: &mut Town) {
        let honest = town.voters[self.below(town.voters.len())];
        let height = town.height(honest) + 1;
        let voters = town.ledger(honest).state().voters().clone();
        let genesis = town.genesis.hash();
        for round in 0..4 {
            let leader = voters
                .get(voters.order(&genesis, height)[round as usize % voters.len()])
                .expect("a leader")
                .id;
            let Some(liar) = town.liars.iter().copied().find(|place| town.net.id(*place) == leader) else {
                continue;
            };
            let mut drafts = Vec::new();
            for _ in 0..2 {
                let mut operations = self.known.clone();
                operations.retain(|_| self.dice.chance(0.6));
                drafts.extend(draft(town, honest, &operations));
            }
            let Some((first, _)) = drafts.first().cloned() else { return };
            for place in town.voters.clone() {
                let (bytes, block) = drafts[self.below(drafts.len())].clone();
                self.aim((height, round, block));
                let mut told = vec![2];
                told.extend(round.to_be_bytes());
                told.extend(bytes);
                town.lie(liar, place, &told);
            }
            assert!(!first.is_empty());
        }
    }

    /// Every liar votes for something else towards everybody.
    fn vote(&mut self, town: &mut Town) {
        if self.targets.is_empty() {
            return;
        }
        for place in town.voters.clone() {
            let height = town.height(place) + 1;
            let targets: Vec<Target> =
                self.targets.iter().copied().filter(|target| target.0 == height).collect();
            for liar in town.liars.clone() {
                if targets.is_empty() || self.dice.chance(0.3) {
                    continue;
                }
                let (vote, last) = (targets[self.below(targets.len())], targets[self.below(targets.len())]);
                let round = vote.1.max(last.1);
                let flags = 6 | u8::from(self.dice.chance(0.3));
                let bytes = town.standing(liar, (height, round, flags), [vote, last]);
                town.lie(liar, place, &bytes);
            }
        }
    }

    /// Nonsense, and truth with a byte turned.
    fn babble(&mut self, town: &mut Town) {
        let place = town.voters[self.below(town.voters.len())];
        let from = town.liars.first().copied().unwrap_or(town.persons[0]);
        let mut bytes = if self.dice.chance(0.5) || self.targets.is_empty() {
            let length = self.below(700);
            self.dice.vec(length)
        } else {
            let at = self.below(self.targets.len());
            let target = self.targets[at];
            town.standing(from, (target.0, target.1, 6), [target, target])
        };
        if !bytes.is_empty() {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
            bytes[0] %= 20;
        }
        let id = town.net.id(from);
        if self.dice.chance(0.5) {
            town.net.tell(place, &Told::Said { from: &id, is_proven: true, bytes: &bytes });
        } else {
            let ticket = 1 << 30 | self.dice.below(1 << 20) as u32;
            let told = Told::Asked { from: &id, is_proven: true, ticket, within_ms: 500, bytes: &bytes };
            town.net.tell(place, &told);
        }
    }
}

/// SHA-256(4 ‖ header).
pub(crate) fn block_of(header: &[u8]) -> Hash {
    sha256(&[&[4], header].concat())
}

/// A block on an honest voter's ledger, as a proposal has it, and its hash.
pub(crate) fn draft(town: &Town, on: Place, operations: &[Operation]) -> Option<(Vec<u8>, Hash)> {
    draft_without(town, on, operations, 0)
}

/// One that does not show these voters, where it could.
pub(crate) fn draft_without(
    town: &Town,
    on: Place,
    operations: &[Operation],
    omitted: u64,
) -> Option<(Vec<u8>, Hash)> {
    let mut ledger = town.ledger(on).clone();
    let epoch = (town.elapsed / EPOCH) as u32;
    if epoch <= ledger.head().epoch {
        return None;
    }
    let shown = if ledger.head().height % 6 < 3 { 0 } else { ledger.state().voters().all() & !omitted };
    let (block, _) = ledger.propose(epoch, shown, operations).ok()?;
    let header = block.header.emit();
    let hash = block_of(&header);
    let mut bytes = header;
    for operation in &block.operations {
        bytes.extend(&sha256(&[hash, operation.id()].concat())[..8]);
    }
    Some((bytes, hash))
}

impl Town {
    /// A liar says something to an honest node, over its own link.
    pub(crate) fn lie(&mut self, liar: Place, to: Place, bytes: &[u8]) {
        let id: NodeId = self.net.id(liar);
        self.net.tell(to, &Told::Said { from: &id, is_proven: true, bytes });
    }

    /// A liar's signature.
    pub(crate) fn forge(
        &self,
        liar: Place,
        says: Says,
        (view, height, round): (u32, u32, u32),
        subject: Hash,
    ) -> Vec<u8> {
        let statement = Statement { says, view, height, round, subject };
        self.net.sign(liar, &statement.signed(&self.genesis.id())).0.to_vec()
    }

    /// What a liar tells of a vote and a finalisation.
    pub(crate) fn standing(
        &self,
        liar: Place,
        (height, round, flags): (u32, u32, u8),
        casts: [Target; 2],
    ) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(height.to_be_bytes());
        bytes.extend(round.to_be_bytes());
        bytes.push(flags);
        bytes.extend(0_u32.to_be_bytes());
        for (says, (height, round, block)) in [Says::Notarise, Says::Finalise].into_iter().zip(casts) {
            bytes.extend(round.to_be_bytes());
            bytes.extend(block);
            bytes.extend(self.forge(liar, says, ((height - 1) / 6, height, round), block));
        }
        bytes
    }
}
