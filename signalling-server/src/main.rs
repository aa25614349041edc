//! Signalling server.
fn main() {}
