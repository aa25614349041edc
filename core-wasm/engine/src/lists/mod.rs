//! Lists: who takes part in something, as the node closest to a place in the id space remembers it for all.
//!
//! A list has ids and nothing else. Whoever reads one asks those that it names; the absent answer nothing, and no signature is
//! checked here. Entries last as long as those whom they name come again.

mod rows;
#[cfg(test)]
mod tests;

pub(crate) use self::rows::Lists;
