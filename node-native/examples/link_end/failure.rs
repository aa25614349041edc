//! Whatever went wrong.

use std::error::Error;

/// The bench shows it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
