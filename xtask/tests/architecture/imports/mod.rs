//! Which file imports which: one graph for Rust, one for TypeScript and JavaScript.

mod edge;
mod facts;
mod graphs;
mod rust;
mod tests;
mod tokens;
mod typescript;

pub(crate) use edge::Edge;
pub(crate) use graphs::{of_rust, of_typescript};
pub(crate) use typescript::imported_module;
