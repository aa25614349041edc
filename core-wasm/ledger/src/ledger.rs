//! The chain of a neighbourhood: the state after its last block, and what the next one builds on.

use alloc::vec::Vec;

use crate::block::{Block, root_of};
use crate::genesis::Genesis;
use crate::hash::{EMPTY, Hash};
use crate::header::Header;
use crate::key::Key;
use crate::limits::{operations_max, view_of};
use crate::mountain::Mountain;
use crate::operation::{LedgerId, Operation};
use crate::refusal::Refusal;
use crate::state::State;

/// A ledger as far as its last block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ledger {
    id: LedgerId,
    state: State,
    head: Header,
    /// The hashes of all headers but the last.
    past: Mountain,
}

impl Ledger {
    /// A ledger that begins; its genesis was checked. Block 0 is what it says, and the same for all who have it.
    pub fn new(genesis: &Genesis) -> Self {
        let (id, state, past) = (genesis.id(), genesis.state(), Mountain::default());
        let place = Place { height: 0, epoch: 0, previous: EMPTY, shown: 0 };
        let head = header(&id, &state, &past, place, &[]);
        Self { id, state, head, past }
    }

    /// Switches a rule off.
    #[cfg(feature = "mutants")]
    pub fn switch_off(&mut self, rule: crate::Rule) {
        alloc::sync::Arc::make_mut(&mut self.state.voters).off |= 1 << rule as u8;
    }

    /// What its signatures name.
    pub fn id(&self) -> &LedgerId {
        &self.id
    }

    /// The state after its last block.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The header of its last block.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// The next block, of those among `operations` that can be done; their signatures were verified. With each that cannot comes why;
    /// what is beyond
    /// the block is [`TooManyOperations`](Refusal::TooManyOperations) and may come in the next. At most 65,535 are looked at. The ledger stays as it is.
    ///
    /// Two operations with one sequence number are a conflict: both pay their fees, and nothing else is done. `shown` are those who are [shown](Header::shown) to have voted.
    ///
    /// # Errors
    /// [`EpochOver`](Refusal::EpochOver); [`WrongHeader`](Refusal::WrongHeader) if nobody can be shown, or nobody has that number.
    pub fn propose(
        &mut self,
        epoch: u32,
        shown: u64,
        operations: &[Operation],
    ) -> Result<(Block, Vec<(Operation, Refusal)>), Refusal> {
        let place = self.place(epoch, shown)?;
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        self.state.begin();
        let due = self.due();
        for group in sorted(operations).chunk_by(|(one, _), (other, _)| one == other) {
            let mut group = group.iter().filter_map(|(_, index)| operations.get(usize::from(*index)));
            let Some(one) = group.next() else { continue };
            let rival = group.clone().find(|other| other.id() != one.id());
            let has_room = done.len() + 1 + usize::from(rival.is_some()) <= self.operations_max();
            let result = match rival {
                _ if !has_room => Err(Refusal::TooManyOperations),
                Some(rival) => self.state.conflict(epoch, due, one, rival),
                None => self.state.execute_due(epoch, due, one),
            };
            let mut pair = [Some(one), rival.filter(|_| result.is_ok())];
            if rival.is_some_and(|rival| rival.id() < one.id()) && result.is_ok() {
                pair.swap(0, 1);
            }
            match result {
                Ok(()) => done.extend(pair.into_iter().flatten()),
                Err(why) => refused.push((*one, why)),
            }
            for other in group {
                let is_in = result.is_ok() && rival.is_some_and(|rival| core::ptr::eq(rival, other));
                if !is_in {
                    refused.push((*other, result.err().unwrap_or(Refusal::SequenceUsed)));
                }
            }
        }
        let result = self.close(&place);
        let header = header(&self.id, &self.state, &self.grown(), place, &done);
        self.state.end(false);
        result?;
        Ok((Block { header, operations: done }, refused))
    }

    /// Takes a block that is final; the signatures of its operations were verified.
    ///
    /// # Errors
    /// Why it cannot follow the last one: that of its first operation that cannot be done, say. Nothing has changed.
    pub fn apply(&mut self, block: &Block) -> Result<(), Refusal> {
        self.follow(block, true)?;
        self.past = self.grown();
        self.head = block.header;
        Ok(())
    }

    /// Whether a block follows from the last one, as [`Ledger::apply`] would find. The ledger stays as it is.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&mut self, block: &Block) -> Result<(), Refusal> {
        self.follow(block, false)
    }

    fn follow(&mut self, block: &Block, stays: bool) -> Result<(), Refusal> {
        let Header { epoch, shown, .. } = block.header;
        let place = self.place(epoch, shown)?;
        self.state.begin();
        let result = self.run(epoch, &block.operations).and_then(|()| self.close(&place)).and_then(|()| {
            let header = header(&self.id, &self.state, &self.grown(), place, &block.operations);
            if header == block.header { Ok(()) } else { Err(Refusal::WrongHeader) }
        });
        self.state.end(stays && result.is_ok());
        result
    }

    /// Whether these operations of one account could be done one after the other in the next block, with nothing else; if so, whether the account is still there
    /// then. The ledger stays as it is.
    ///
    /// # Errors
    /// Why not: that of the first one that cannot be done.
    pub fn rehearse(&mut self, epoch: u32, operations: &[Operation]) -> Result<bool, Refusal> {
        let due = self.due();
        self.state.begin();
        let result =
            operations.iter().try_for_each(|operation| self.state.execute_due(epoch, due, operation));
        let account = operations.first().map(Operation::payer);
        let stays = account.is_some_and(|account| self.state.units.account(&account).is_some());
        self.state.end(false);
        result.map(|()| stays)
    }

    /// Until when an operation must be valid for the next block: the first epoch that this can be of. So what was promised a place in it keeps
    /// that, however late it comes.
    fn due(&self) -> u32 {
        self.head.epoch.saturating_add(1)
    }

    fn run(&mut self, epoch: u32, operations: &[Operation]) -> Result<(), Refusal> {
        if operations.len() > self.operations_max() {
            return Err(Refusal::TooManyOperations);
        }
        let due = self.due();
        let mut last: Option<(Key, u32)> = None;
        let mut rest = operations.iter().peekable();
        while let Some(operation) = rest.next() {
            let place = order(operation);
            if last.is_some_and(|last| last >= place) {
                return Err(Refusal::Disorder);
            }
            match rest.next_if(|rival| order(rival) == place) {
                Some(rival) if operation.id() < rival.id() => {
                    self.state.conflict(epoch, due, operation, rival)?;
                }
                Some(_) => return Err(Refusal::Disorder),
                None => self.state.execute_due(epoch, due, operation)?,
            }
            last = Some(place);
        }
        Ok(())
    }

    /// Does what comes behind the operations of a block.
    fn close(&mut self, place: &Place) -> Result<(), Refusal> {
        self.state.sweep(place.epoch);
        self.state.turn((place.height, place.epoch), &place.previous, place.shown)
    }

    pub(crate) fn operations_max(&self) -> usize {
        operations_max(self.state.units.most() as u32) as usize
    }

    /// All headers so far.
    fn grown(&self) -> Mountain {
        let mut past = self.past.clone();
        past.push(self.head.hash());
        past
    }

    fn place(&self, epoch: u32, shown: u64) -> Result<Place, Refusal> {
        if epoch < self.head.epoch {
            return Err(Refusal::EpochOver);
        }
        let height = self.head.height.checked_add(1).ok_or(Refusal::EpochOver)?;
        Ok(Place { height, epoch, previous: self.head.hash(), shown })
    }
}

/// Where in the chain a block stands.
struct Place {
    height: u32,
    epoch: u32,
    previous: Hash,
    shown: u64,
}

fn header(id: &LedgerId, state: &State, past: &Mountain, place: Place, operations: &[Operation]) -> Header {
    let Place { height, epoch, previous, shown } = place;
    Header {
        genesis: id.genesis,
        prefix: state.prefix(),
        generation: 0,
        view: view_of(height),
        height,
        epoch,
        previous,
        state: state.root(),
        nullifiers: state.nullifiers().root(),
        operations: root_of(operations),
        past: past.root(),
        price: state.price(),
        // Claims come with the tree of neighbourhoods.
        rooted_by: u32::MAX,
        shown,
        voters: state.voters().hash(),
        sums: state.sums(),
    }
}

fn order(operation: &Operation) -> (Key, u32) {
    (operation.payer(), operation.sequence)
}

/// Where operations stand in the order in which they are done, and the index of each; those of one place in the order in which they came.
fn sorted(operations: &[Operation]) -> Vec<((Key, u32), u16)> {
    // Insertion: the library's sort would be 4,000 bytes in every voter.
    let mut places: Vec<((Key, u32), u16)> = Vec::new();
    for (index, operation) in operations.iter().enumerate().take(usize::from(u16::MAX)) {
        let place = order(operation);
        let at = places.partition_point(|(other, _)| *other <= place);
        places.insert(at, (place, index as u16));
    }
    places
}
