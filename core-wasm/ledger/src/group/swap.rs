//! Operations that voters swap before a block, and what a leader makes of them.

use alloc::vec::Vec;

use tabmesh_port::limits::TELL_MAX;
use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::limits::ASKING_MAX;
use crate::operation::Operation;

use super::machine::Member;
use super::pending::{Asked, Check};
use super::pool::Pooled;
use super::wire::{self, Draft, head_of, short_of, tag_of};
use crate::rule::Rule;

const IS_LOCKED: u8 = 1;
const IS_ACKNOWLEDGED: u8 = 2;
const IS_SPOT: u8 = 4;
/// A row of what somebody has.
const ROW: usize = 9;

impl Member {
    /// Tells all voters which operations this one has, and which of them it has locked. Whoever tells is counted on to vote.
    pub(crate) fn tell_have(&mut self) {
        if !self.safety.signs() {
            return;
        }
        let mut writer = Writer::default();
        writer.u8(wire::HAVE).u32(self.height());
        // A leader leaves out what a lock is in the way of, also where it has not that operation.
        let locks = self.safety.locks();
        for lock in locks {
            writer.bytes(&tag_of(&lock.spot)).u8(IS_SPOT);
        }
        for pooled in self.pool.list().iter().take(((TELL_MAX - 5) / ROW).saturating_sub(locks.len())) {
            let lock = self.safety.locks().iter().find(|lock| lock.operation == pooled.id);
            let acknowledged = lock.is_some_and(|lock| lock.is_acknowledged);
            let flags = (u8::from(lock.is_some()) * IS_LOCKED) | (u8::from(acknowledged) * IS_ACKNOWLEDGED);
            writer.bytes(&head_of(&pooled.id)).u8(flags);
        }
        let bytes = writer.finish();
        if let Some(seat) = self.seat {
            let own = self.ground.own;
            self.on_have(seat, &own, Reader::new(bytes.get(1..).unwrap_or(&[])));
        }
        let others = self.others();
        self.ground.tell(&others, &bytes);
    }

    pub(crate) fn on_have(&mut self, voter: u8, from: &NodeId, mut reader: Reader<'_>) {
        if reader.u32() != self.height() {
            return;
        }
        let bit = 1_u64.checked_shl(voter.into()).unwrap_or(0);
        self.ballot.reported |= bit;
        let mut writer = Writer::default();
        writer.u8(wire::OPERATIONS).bytes(&[0; 32]);
        let empty = writer.len();
        let mut doubtful = None;
        self.pool.mark_spot(None, bit);
        for row in reader.rest().as_chunks::<ROW>().0 {
            let (head, flags) = (row.first_chunk::<8>().copied().unwrap_or_default(), row.last().copied());
            let flags = flags.unwrap_or_default();
            if flags & IS_SPOT != 0 {
                self.pool.mark_spot(Some(&head), bit);
                continue;
            }
            match self.pool.by_head(&head) {
                Some(pooled) => {
                    let set =
                        |bits: &mut u64, is_set: bool| *bits = *bits & !bit | if is_set { bit } else { 0 };
                    set(&mut pooled.lockers, flags & IS_LOCKED != 0);
                    set(&mut pooled.acknowledgers, flags & IS_ACKNOWLEDGED != 0);
                    if flags & IS_ACKNOWLEDGED != 0 && !pooled.is_certified {
                        doubtful = Some((pooled.spot, pooled.id));
                    }
                }
                None => _ = writer.bytes(&head),
            }
        }
        // Only where there are two does it matter why somebody took one. One is asked about at a time.
        if let Some((spot, id)) = doubtful
            && self.pool.rival(&spot, &id).is_some()
            && self.asked.len() < ASKING_MAX
        {
            let mut writer = Writer::default();
            writer.u8(wire::RECORD).bytes(&id);
            self.ask(from, &writer.finish(), Asked::Record);
        }
        if writer.len() > empty && self.asked.len() < ASKING_MAX {
            self.ask(from, &writer.finish(), Asked::Operations { is_named: false });
        }
    }

    pub(crate) fn on_asked_operations(&mut self, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let (block, shorts) = rest.split_first_chunk::<32>().ok_or(Status::BadRequest)?;
        let mut writer = Writer::default();
        // More than this node may have nobody needs to name.
        for short in shorts.as_chunks::<8>().0.iter().take((TELL_MAX - 5) / ROW) {
            let found = if *block == [0; 32] {
                self.pool.by_head(short).map(|pooled| &*pooled)
            } else {
                self.pool.named(block, short)
            };
            if let Some(pooled) = found {
                writer.bytes(&pooled.operation.emit());
            }
        }
        self.ground.reply(ticket, Status::Ok, &writer.finish());
        Ok(())
    }

    /// Operations came that were asked for. Their signatures are checked before anything else.
    pub(crate) fn on_operations(&mut self, bytes: &[u8], is_named: bool) {
        for bytes in bytes.as_chunks::<{ Operation::BYTES }>().0 {
            let Ok(operation) = Operation::read(bytes) else { continue };
            let id = operation.id();
            let spot = (operation.payer(), operation.sequence);
            let is_wanted = if is_named { self.is_named(&id) } else { self.pool.has_room(&spot) };
            if is_wanted && self.pool.get(&id).is_none() {
                let claim = operation.claim(self.ledger.id());
                self.check(
                    &claim,
                    Check::Operation { operation: alloc::boxed::Box::new(operation), owner: None, is_named },
                );
            }
        }
    }

    /// Whether a block that is voted on has this operation.
    pub(crate) fn is_named(&self, id: &crate::Hash) -> bool {
        let proposed = self.ballot.proposed.as_ref().map(|proposed| &proposed.draft);
        let notarised = self.ballot.notarised.as_ref().map(|notarised| &notarised.draft);
        let mut drafts = proposed.into_iter().chain(notarised);
        drafts.any(|draft| draft.shorts.contains(&short_of(&draft.hash, id)))
    }

    /// The block that this node would propose now: of what has rivals, what is certified, or the conflict where nobody's lock is in the way.
    pub(crate) fn compose(&mut self) -> Option<Draft> {
        let (epoch, _) = self.clock()?;
        if epoch <= self.ledger.head().epoch {
            return None;
        }
        let (mut sure, mut all, mut refuse) = (Vec::new(), Vec::new(), 0);
        for pooled in self.pool.list() {
            if self.is_sure(pooled) {
                sure.push(pooled.operation);
            }
            if self.is_fit(pooled, &mut refuse) {
                all.push(pooled.operation);
            }
        }
        let shown = self.shown();
        let (mut block, refused) = self.ledger.propose(epoch, shown, &all).ok()?;
        // What is certified can be done beside all else that is; beside more it need not be.
        let is_sure_refused = refused.iter().any(|(operation, _)| sure.contains(operation));
        if is_sure_refused || block.operations.len() > self.pool_most() {
            block = self.ledger.propose(epoch, shown, &sure).ok()?.0;
        }
        let hash = block.header.hash();
        let mut shorts = Vec::new();
        for operation in &block.operations {
            shorts.push(short_of(&hash, &operation.id()));
        }
        Some(Draft { header: block.header, hash, shorts })
    }

    fn pool_most(&self) -> usize {
        crate::limits::PROPOSED_MAX
    }

    /// Whether an operation is certified, as this node was shown or one honest voter at least says.
    fn is_sure(&self, pooled: &Pooled) -> bool {
        pooled.is_certified || pooled.acknowledgers.count_ones() as usize >= self.weak()
    }

    /// Whether to propose an operation: nothing that locks of more than n − Q voters are in the way of, as far as they say, with those who `refuse` the block
    /// already for what is in it.
    fn is_fit(&self, pooled: &Pooled, refuse: &mut u64) -> bool {
        if self.is_sure(pooled) {
            return true;
        }
        let rival = self.pool.rival(&pooled.spot, &pooled.id);
        if self.pool.list().iter().any(|other| other.spot == pooled.spot && self.is_sure(other)) {
            return false;
        }
        // Who has locked this one refuses the conflict too.
        let own = if rival.is_some() { pooled.spot_lockers } else { pooled.spot_lockers & !pooled.lockers };
        let all = if self.safety.has(Rule::Together) { *refuse | own } else { own };
        let agree = (self.ballot.reported & !all).count_ones() as usize >= self.voters.quorum();
        if agree {
            *refuse = all;
        }
        agree || rival.is_none() && own == 0
    }
}
