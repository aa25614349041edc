//! Files on the mesh: cut into blocks and placed, fetched and put together again. Bounded memory, whatever the size.

mod blocks;
mod error;
mod get;
mod put;
mod task;

pub use blocks::Blocks;
pub use error::FileError;
pub use get::Get;
pub use put::{Put, Stored};
