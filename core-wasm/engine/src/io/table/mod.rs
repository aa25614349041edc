//! The border, once: every input and output with its number, its name, its fields and where each lies in the flat form.
//!
//! From these rows come the constants ([`kinds`](crate::io::kinds)), the typed view ([`Input`](crate::io::Input), [`Output`](crate::io::Output) and
//! what they hold), the reading of both, the names in reports and traces, and `pkg/src/kinds` (`cargo xtask border`).
//!
//! A row is `KIND = number => Variant`, with a field's type and place behind its name: `number`, `value` (`value 8`: from bit 8),
//! `id` or `bytes` (`bytes 32`: from byte 32). A number never changes what it means. Those from 64 on are for nodes with an address where
//! others knock, which no tab has.

mod inputs;
mod outputs;

pub(crate) use self::inputs::inputs;
pub(crate) use self::outputs::outputs;
