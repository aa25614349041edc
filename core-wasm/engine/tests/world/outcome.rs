//! How jobs end.

use tabmesh_engine::{BlockHash, JobResult, Signature};

/// A [`JobResult`] that owns its bytes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Outcome {
    Signature(Signature),
    Verified(bool),
    Loaded(Vec<u8>),
    Missing,
    Stored,
    Mismatch,
    Full,
    Hashes(Vec<BlockHash>),
    Failed,
}

impl Outcome {
    pub(crate) fn result(&self) -> JobResult<'_> {
        match self {
            Self::Signature(signature) => JobResult::Signature(signature),
            Self::Verified(holds) => JobResult::Verified(*holds),
            Self::Loaded(bytes) => JobResult::Loaded(bytes),
            Self::Missing => JobResult::Missing,
            Self::Stored => JobResult::Stored,
            Self::Mismatch => JobResult::Mismatch,
            Self::Full => JobResult::Full,
            Self::Hashes(hashes) => JobResult::Hashes(hashes),
            Self::Failed => JobResult::Failed,
        }
    }
}
