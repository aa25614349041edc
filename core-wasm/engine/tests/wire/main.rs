//! The wire formats: what is written reads back as the same, whatever is cut off or changed is another message or
//! none, nothing panics, and the sizes that the design promises hold.

mod description;
mod envelope;
mod frame;
mod laws;
mod signal;
