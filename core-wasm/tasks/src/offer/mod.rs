//! The executor's half: batches of others, in turn, and the signature under what came of them.

mod executor;
mod guard;
mod hour;
mod inputs;
mod outputs;
mod served;
mod telling;
mod turns;

pub(crate) use executor::Executor;
pub(crate) use guard::Gives;
