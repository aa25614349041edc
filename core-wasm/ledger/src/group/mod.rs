//! The voters of one neighbourhood, who agree on its blocks.
//!
//! [`Member`] is the module. `safety` alone decides what may be signed; `ballot`, `round` and `tally` are the vote on a block, `attendance` who is seen to vote, `swap` what goes into it, `pool` the
//! operations that wait; `fast` locks and acknowledges, `submit` collects that, `own` makes transfers and answers this node's owner; `follow` takes what is final, `serve` shows it to light nodes. `machine` hands out what
//! comes in, `shell` does what the shell says, `seating` keeps this node's seat; `pending` is what they wait for.

mod attendance;
mod ballot;
mod event;
mod face;
mod fast;
mod follow;
mod ground;
mod machine;
mod module;
mod own;
mod pending;
mod pool;
mod proofs;
mod round;
mod safety;
mod seating;
mod serve;
mod shell;
mod statement;
mod submit;
mod swap;
mod tally;
pub(crate) mod wire;

pub use event::{Event, Mode};
pub use face::Command;
pub use machine::Member;
pub use module::Group;
pub use safety::{Content, Entry, Lock, Safety, Spot};
pub use statement::{Certificate, Says, Statement};
