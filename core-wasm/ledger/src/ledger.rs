//! The chain of a neighbourhood: the state after its last block, and what the next one builds on.

use alloc::vec::Vec;

use crate::block::{Block, root_of};
use crate::genesis::Genesis;
use crate::hash::{EMPTY, Hash};
use crate::header::Header;
use crate::key::Key;
use crate::limits::operations_max;
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
        let place = Place { view: 0, height: 0, epoch: 0, previous: EMPTY };
        let head = header(&id, &state, &past, place, &[]);
        Self { id, state, head, past }
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
    /// # Errors
    /// [`EpochOver`](Refusal::EpochOver).
    pub fn propose(
        &mut self,
        epoch: u32,
        view: u32,
        operations: &[Operation],
    ) -> Result<(Block, Vec<(Operation, Refusal)>), Refusal> {
        let place = self.place(epoch, view)?;
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        self.state.begin();
        for operation in sorted(operations) {
            let has_room = done.len() < self.operations_max();
            let result =
                if has_room { self.state.execute(epoch, operation) } else { Err(Refusal::TooManyOperations) };
            match result {
                Ok(()) => done.push(*operation),
                Err(why) => refused.push((*operation, why)),
            }
        }
        self.state.sweep(epoch);
        let header = header(&self.id, &self.state, &self.grown(), place, &done);
        self.state.end(false);
        Ok((Block { header, operations: done }, refused))
    }

    /// Takes a block that is final; the signatures of its operations were verified.
    ///
    /// # Errors
    /// Why it cannot follow the last one: that of its first operation that cannot be done, say. Nothing has changed.
    pub fn apply(&mut self, block: &Block) -> Result<(), Refusal> {
        let Header { epoch, view, .. } = block.header;
        let place = self.place(epoch, view)?;
        self.state.begin();
        let result = self.run(epoch, &block.operations).and_then(|()| {
            let header = header(&self.id, &self.state, &self.grown(), place, &block.operations);
            if header == block.header { Ok(()) } else { Err(Refusal::WrongHeader) }
        });
        self.state.end(result.is_ok());
        result?;
        self.past = self.grown();
        self.head = block.header;
        Ok(())
    }

    fn run(&mut self, epoch: u32, operations: &[Operation]) -> Result<(), Refusal> {
        if operations.len() > self.operations_max() {
            return Err(Refusal::TooManyOperations);
        }
        let mut last: Option<(Key, u32)> = None;
        for operation in operations {
            let place = order(operation);
            if last.is_some_and(|last| last >= place) {
                return Err(Refusal::Disorder);
            }
            self.state.execute(epoch, operation)?;
            last = Some(place);
        }
        self.state.sweep(epoch);
        Ok(())
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

    fn place(&self, epoch: u32, view: u32) -> Result<Place, Refusal> {
        if epoch < self.head.epoch || view < self.head.view {
            return Err(Refusal::EpochOver);
        }
        let height = self.head.height.checked_add(1).ok_or(Refusal::EpochOver)?;
        Ok(Place { view, height, epoch, previous: self.head.hash() })
    }
}

/// Where in the chain a block stands.
struct Place {
    view: u32,
    height: u32,
    epoch: u32,
    previous: Hash,
}

fn header(id: &LedgerId, state: &State, past: &Mountain, place: Place, operations: &[Operation]) -> Header {
    let Place { view, height, epoch, previous } = place;
    Header {
        genesis: id.genesis,
        prefix: state.prefix(),
        generation: 0,
        view,
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
        sums: state.sums(),
    }
}

fn order(operation: &Operation) -> (Key, u32) {
    (operation.payer(), operation.sequence)
}

/// Operations in the order in which they are done, and those of one place in the order in which they came: only the first of these is
/// done.
fn sorted(operations: &[Operation]) -> impl Iterator<Item = &Operation> {
    // Insertion: the library's sort would be 4,000 bytes in every voter.
    let mut places: Vec<((Key, u32), u16)> = Vec::new();
    for (index, operation) in operations.iter().enumerate().take(usize::from(u16::MAX)) {
        let place = order(operation);
        let at = places.partition_point(|(other, _)| *other <= place);
        places.insert(at, (place, index as u16));
    }
    places.into_iter().filter_map(|(_, index)| operations.get(usize::from(index)))
}
