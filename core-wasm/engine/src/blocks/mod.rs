//! Blocks on the nodes that should hold them: placed there, read for others, and kept there when the neighbourhood changes.

mod jobs;
mod place;
mod placement;
mod repair;
mod serve;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use self::tables::Blocks;
