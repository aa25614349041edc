//! Native peer.
fn main() {}
