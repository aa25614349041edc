//! Whether a voter may sign. Nothing else decides it, and nothing is signed that is not noted here first, and on disk.
//!
//! n voters, of which b lie; Q notarise, finalise and settle, F certify. Two sets of Q have 2Q − n voters in common, sets of F and of Q
//! have F + Q − n: while b is below that, one of those is honest, and keeps these rules.
//!
//! **S1, one final block a height.** Say block X is the first to become final, in round r: Q voters noted `decided = (r, X)`. No other one
//! becomes final in r: *one vote and one finalisation a round*. Suppose another block Y is notarised in a later round, and take the first
//! such round s. Of its Q voters one honest one has signed both. It did not sign X's finalisation after its vote in s, by *no finalisation
//! behind a later vote*. So it had decided X before, and by *the decided block* it voted for Y only when shown a notarisation of Y in a
//! round above r, but below s: against the choice of s. So every block notarised from r on is X, and another one is never final.
//!
//! **S2, certified.** Say a block that puts another operation in the place of A is final. Take the first round in which it was notarised: Q votes, at
//! least Q − b of them of honest voters to whom no notarisation of it was shown. None of these had locked A: *no block against a lock*, unless the
//! other operation's certificate was shown, and F locks of either have 2F − n ≥ F + Q − n liars in common. None locks A later: *no lock behind a
//! vote* until that height is final, and then the sequence is spent. So at most n − Q + b ever lock A in this view, which is below F. Whoever is shown
//! the notarisation may vote for it too, whatever it locked: nobody needs its refusal, and without its vote others might wait for it for good.
//!
//! **S2, settled.** Say a view has ended, and none of its blocks has A. Take the first notarisation of its last block: at least Q − b honest voters
//! had not acknowledged A before their first vote at that height, since they vote for *no block without what they acknowledged*. None does it
//! later in this view: *no acknowledgement behind a vote*. So at most n − Q + b ever did, which is below Q. A block that has another one in its place
//! is excluded likewise, since acknowledged is locked. (An operation that cannot be done on the last block is in no next one: it is not *due*, and may
//! be left out. When the last of the Q acknowledged A it was due, and it is so for all who have the same last block.)
//!
//! **Views.** The voters of a height follow from the final blocks below it, so by S1 for these everybody has the same, and n, Q and F with them: what is above is said of one height, or of the heights
//! of one view, and within it they do not change. (Did they, F locks of some and Q votes of others would need no voter in common.) A lock counts in its view alone. What is settled outlives it, as it is in one of its blocks: whoever comes, goes or is frozen does so behind the last of
//! these. N is never less than what weighed, for six views: so who goes on has more than half of it.
//!
//! **A lost journal.** Each of these compares with what was signed before. Who lost that could be made to sign the opposite. So without a
//! journal a voter signs nothing in a view in which it may have signed: [`Entry::Opened`] says from which view on the journal is whole.
//! It is whole for view 0 when the ledger began. A later one begins when an operation that this very run has signed is in a final block, of view v say, and is whole from v + 1 on. For what an earlier run has signed it had seen all final blocks but one
//! at most; that run was over when the operation was signed, so its block is that last one or comes later, and nothing was signed of a view beyond v. An operation of an earlier run would show nothing: with an old chain anybody shows that.

use alloc::vec::Vec;

use tabmesh_port::{Reader, Writer};

use crate::hash::Hash;
use crate::key::Key;
use crate::limits::view_of;
use crate::rule::Rule;

use super::statement::{Says, Statement};

/// An operation's place among those of its account.
pub type Spot = (Key, u32);

/// What a block does, in the order in which it does it: where, and by which operation.
pub type Content = (Spot, Hash);

/// What is written down before it is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// The journal is whole for this view and all later ones.
    Opened {
        /// Which.
        view: u32,
    },
    /// A statement will be signed.
    Signs {
        /// Which.
        statement: Statement,
        /// Of a lock or an acknowledgement: where.
        spot: Spot,
        /// What others may have to be shown: of a finalisation the certificate of the notarised block, and the block; of a lock the operation; of an
        /// acknowledgement the operation and its certificate.
        shown: Vec<u8>,
    },
}

impl Entry {
    /// Reads its bytes; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if bytes.first() == Some(&0) {
            reader.u8();
            let view = reader.u32();
            reader.finish()?;
            return Some(Self::Opened { view });
        }
        let statement = Statement::read(&mut reader)?;
        let spot = (Key(*reader.array()), reader.u32());
        reader.intact()?;
        Some(Self::Signs { statement, spot, shown: reader.rest().to_vec() })
    }

    /// Its bytes: 0 and view 4; or statement 45, account 32, sequence 4, and what is shown.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        match self {
            Self::Opened { view } => {
                writer.u8(0).u32(*view);
            }
            Self::Signs { statement, spot, shown } => {
                statement.emit(&mut writer);
                writer.bytes(&spot.0.0).u32(spot.1).bytes(shown);
            }
        }
        writer.finish()
    }
}

/// An operation that has a place, as far as this voter is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lock {
    /// Where.
    pub spot: Spot,
    /// Its id.
    pub operation: Hash,
    /// No block may be without it.
    pub is_acknowledged: bool,
}

/// What a voter has signed that still binds it.
#[derive(Clone, Debug)]
pub struct Safety {
    /// The journal is whole from this view on.
    from_view: u32,
    /// Of the block that is to come.
    height: u32,
    /// The last vote at this height.
    voted: Option<(u32, Hash)>,
    /// The last finalisation at this height.
    decided: Option<(u32, Hash)>,
    /// In this view.
    locks: Vec<Lock>,
    locks_max: usize,
    #[cfg(feature = "mutants")]
    off: u32,
}

impl Safety {
    /// Of a voter that signs nothing before its journal was read. At most `locks_max` locks at a time: one more is not made.
    pub fn new(locks_max: usize) -> Self {
        Self {
            from_view: u32::MAX,
            height: 1,
            voted: None,
            decided: None,
            locks: Vec::new(),
            locks_max,
            #[cfg(feature = "mutants")]
            off: 0,
        }
    }

    /// Switches a rule off.
    #[cfg(feature = "mutants")]
    pub fn switch_off(&mut self, rule: Rule) {
        self.off |= 1 << rule as u8;
    }

    /// Whether a rule is in force.
    #[cfg(feature = "mutants")]
    pub(crate) fn has(&self, rule: Rule) -> bool {
        self.off & 1 << rule as u8 == 0
    }

    /// All rules always are.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "with mutants it asks which are switched off")]
    pub(crate) fn has(&self, _: Rule) -> bool {
        true
    }

    /// Of the block that is to come.
    pub fn view(&self) -> u32 {
        view_of(self.height)
    }

    /// The locks of this view.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// The round and the block of the last finalisation at this height.
    pub fn decided(&self) -> Option<(u32, Hash)> {
        self.decided
    }

    /// Whether it has voted at this height: locks and acknowledgements wait for the final block.
    pub fn has_voted(&self) -> bool {
        self.voted.is_some()
    }

    /// Whether its journal is whole for some view.
    pub fn is_whole(&self) -> bool {
        self.from_view != u32::MAX
    }

    /// Whether it signs anything in this view.
    pub fn signs(&self) -> bool {
        self.from_view <= self.view() || !self.has(Rule::LostJournal)
    }

    /// Whether to vote for this block in this round. `shown` is the latest round in which this very block was notarised, as its certificate shows; `is_certified` says
    /// of an operation that its certificate was shown, `is_due` of an acknowledged one that it can be done in this block.
    pub fn may_notarise(
        &self,
        (round, block): (u32, Hash),
        contents: &[Content],
        shown: Option<u32>,
        is_certified: impl Fn(&Hash) -> bool,
        is_due: impl Fn(&Lock) -> bool,
    ) -> bool {
        let is_first = self.voted.is_none_or(|(last, other)| round > last || round == last && other == block);
        let is_open = self.decided.is_none_or(|(last, other)| {
            other == block || shown.is_some_and(|shown| shown > last && shown < round)
        });
        self.signs()
            && (is_first || !self.has(Rule::OneVote))
            && (is_open || !self.has(Rule::Decided))
            && (shown.is_some()
                || self.locks.iter().all(|lock| self.agrees(lock, contents, &is_certified, &is_due)))
    }

    /// Whether a block agrees with a lock: it has that operation and no other in its place, or nothing, or another one whose certificate
    /// was shown; and nothing but that operation where it was acknowledged and is due.
    fn agrees(
        &self,
        lock: &Lock,
        contents: &[Content],
        is_certified: &impl Fn(&Hash) -> bool,
        is_due: &impl Fn(&Lock) -> bool,
    ) -> bool {
        let mut there = contents.iter().filter(|(spot, _)| *spot == lock.spot).map(|(_, id)| id);
        let (one, another) = (there.next(), there.next());
        let is_it = one == Some(&lock.operation) && another.is_none();
        if lock.is_acknowledged {
            let may_lack = one.is_none() && !is_due(lock);
            return is_it
                || may_lack
                || !self.has(if one.is_none() { Rule::Omitted } else { Rule::AgainstLock });
        }
        let is_replaced = another.is_none() && one.is_some_and(is_certified);
        one.is_none() || is_it || is_replaced || !self.has(Rule::AgainstLock)
    }

    /// Whether to finalise a block that was notarised in this round.
    pub fn may_finalise(&self, round: u32, block: &Hash) -> bool {
        let is_last = self.voted.is_none_or(|(last, _)| last <= round);
        let is_later = self.decided.is_none_or(|(last, other)| round > last || other == *block);
        self.signs() && (is_last || !self.has(Rule::LateFinal)) && (is_later || !self.has(Rule::OneVote))
    }

    /// Whether to lock an operation; that it can be done beside the other locks is for who asks to know. One that was acknowledged is certified, and may have come in the place of
    /// what this voter has locked: it is not locked again.
    pub fn may_lock(&self, spot: &Spot, operation: &Hash) -> bool {
        let mut there = self.locks.iter().filter(|lock| lock.spot == *spot);
        let is_free = there.clone().next().is_none() && self.locks.len() < self.locks_max;
        let has_locked = |lock: &Lock| !lock.is_acknowledged || !self.has(Rule::Relock);
        let is_it = there.any(|lock| lock.operation == *operation && has_locked(lock));
        let is_before = !self.has_voted() || !self.has(Rule::LockBehindVote);
        self.signs() && is_before && (is_it || is_free || !self.has(Rule::OneLock))
    }

    /// Whether to acknowledge an operation whose certificate was shown.
    pub fn may_acknowledge(&self, spot: &Spot, operation: &Hash) -> bool {
        let other = self.locks.iter().find(|lock| lock.spot == *spot);
        let is_free = other.map_or(self.locks.len() < self.locks_max * 2, |lock| {
            !lock.is_acknowledged || lock.operation == *operation
        });
        self.signs() && is_free && (!self.has_voted() || !self.has(Rule::AcknowledgeBehindVote))
    }

    /// Notes what will be signed, or was in an earlier run; what no longer binds is left out.
    pub fn note(&mut self, entry: &Entry) {
        let (statement, spot) = match entry {
            Entry::Opened { view } => {
                self.from_view = *view;
                return;
            }
            Entry::Signs { statement, spot, .. } => (statement, *spot),
        };
        let Statement { says, view, height, round, subject } = *statement;
        let later = |last: &Option<(u32, Hash)>| last.is_none_or(|(last, _)| round >= last);
        match says {
            Says::Notarise if height == self.height && later(&self.voted) => {
                self.voted = Some((round, subject));
            }
            Says::Finalise if height == self.height && later(&self.decided) => {
                self.decided = Some((round, subject));
            }
            Says::Lock | Says::Acknowledge if view == self.view() => {
                let is_acknowledged = says == Says::Acknowledge;
                self.keep(Lock { spot, operation: subject, is_acknowledged });
            }
            _ => {}
        }
    }

    fn keep(&mut self, lock: Lock) {
        match self.locks.iter_mut().find(|old| old.spot == lock.spot) {
            Some(old) if old.is_acknowledged => {}
            Some(old) => *old = lock,
            None => self.locks.push(lock),
        }
    }

    /// A block is final: what it spent binds no more, and where it ends a view nothing does. `is_spent` says of a place whether an operation with its
    /// sequence number can come no more.
    pub fn on_final(&mut self, height: u32, is_spent: impl Fn(&Spot) -> bool) {
        let view = self.view();
        self.height = height.saturating_add(1);
        (self.voted, self.decided) = (None, None);
        if self.view() == view {
            self.locks.retain(|lock| !is_spent(&lock.spot));
        } else {
            self.locks.clear();
        }
    }
}
