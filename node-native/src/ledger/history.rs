//! What is in final blocks.

use tabmesh_engine::NodeId;
use tabmesh_ledger::{Action, Block, Certificate, Key, Operation};

use super::store::Store;
use super::view::Past;

/// Operations that are told at a time; whoever wants more asks again from the block behind the last one.
pub const HISTORY_MAX: usize = 64;

/// A certificate and its block, as the module gives and takes them.
pub(super) fn read(bytes: &[u8]) -> Option<(Certificate, Block)> {
    Certificate::with_block(bytes)
}

fn concerns(operation: &Operation, account: &Key) -> bool {
    let receives = matches!(&operation.action, Action::Transfer { to, .. } if Key::account(to) == *account);
    receives || operation.payer() == *account
}

/// Whether another operation of the block has its account and number: then neither was done.
pub(super) fn is_conflict(block: &Block, operation: &Operation) -> bool {
    let place = (operation.payer(), operation.sequence);
    block.operations.iter().filter(|other| (other.payer(), other.sequence) == place).count() > 1
}

/// Operations of this id, or that give it something, from this height on; and the height from which on there may be more.
pub(super) fn of(store: &Store, id: &NodeId, since: u32) -> Result<(Vec<Past>, u32), redb::Error> {
    let (account, mut past) = (Key::account(id), Vec::new());
    let last = store.height()?;
    for height in since.max(1)..=last {
        if past.len() >= HISTORY_MAX {
            return Ok((past, height));
        }
        let Some((_, block)) = store.block(height)?.as_deref().and_then(read) else { continue };
        for operation in block.operations.iter().filter(|operation| concerns(operation, &account)) {
            let is_conflict = is_conflict(&block, operation);
            past.push(Past { height, epoch: block.header.epoch, operation: *operation, is_conflict });
        }
    }
    Ok((past, last.saturating_add(1)))
}
