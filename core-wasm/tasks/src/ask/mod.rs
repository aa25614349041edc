//! The requester's half: who runs which task, and which of their answers counts.

mod assignment;
mod commands;
mod disputing;
mod executors;
mod fetching;
mod finding;
mod giving;
mod job;
mod leases;
mod outcomes;
mod records;
mod requester;
mod speed;
mod task;
mod verdict;
mod watching;
mod withheld;
mod withholders;

pub(crate) use finding::FIRST_LIST;
pub(crate) use requester::Requester;
