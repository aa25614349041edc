//! Finding those who take part in something, of ten or of a million.
//!
//! The overlay keeps lists of ids at places ([`Wish::List`](tabmesh_port::Wish::List)), each of so many entries. Under a key there is
//! either one list, of [few](Spread::Few): some are enough. Or there is a tree of lists, of [all](Spread::All): whoever takes part stands on
//! the first list that has room of those of the prefixes of its own id, from the shortest on. So lists are full down to some depth, and
//! below the next one all are empty; nobody keeps the tree, and whoever comes by a list sees where it is.
//!
//! A module has an [`Announcing`] for each key under which it takes part, and a [`Drawing`] for each time that it looks. Both say which
//! list they want next and are told what stood on it. A list has ids alone: who it was that wanted what, the module asks them, and
//! so the absent take part in nothing.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod announcing;
mod drawing;
mod place;

pub use announcing::{Announcing, RENEWED_MS};
pub use drawing::{Drawing, WALKS};
pub use place::{DEPTH_MAX, Spread, likely_depth, place};
