//! Goal: the architecture that docs/ARCHITECTURE.md describes is the one in the folders, and stays it.
//! Method: read the sources as text and compare them with rules that are written down here as data.

#![forbid(unsafe_code)]

mod circles;
mod documents;
mod engine;
mod files;
mod imports;
mod parts;
mod sources;
