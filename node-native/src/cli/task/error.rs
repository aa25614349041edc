//! Why a command about tasks was not done.

use thiserror::Error;

use crate::task::compiler::EXIT_INVALID;
use crate::task::engine::{CompileError, EngineError};
use crate::task::why::{Why, why};
use crate::task::{BoundError, End, Status};

/// Why a command about tasks was not done.
#[derive(Debug, Error)]
pub(in crate::cli) enum TaskError {
    #[error(transparent)]
    Bound(#[from] BoundError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {sentence}", .end.status().name())]
    Ended { end: End, sentence: String },
    #[error("the module was not compiled: {0:?}")]
    NotCompiled(CompileError),
    #[error("BAD_ABI: the module fits no interface; export {0} with the types of docs/TASKS.md")]
    Unfit(String),
}

impl TaskError {
    /// How a task with this module ended, where that is not well.
    pub(super) fn of(end: End, sentence: String, module: &[u8]) -> Option<Self> {
        (!matches!(end, End::Ok)).then(|| Self::ended(end, sentence, module))
    }

    /// The same of one that is known not to have ended well.
    pub(in crate::cli) fn ended(end: End, sentence: String, module: &[u8]) -> Self {
        let sentence = match &end {
            End::Refused(refusal) => Self::refused(&why(refusal, module)),
            _ => sentence,
        };
        Self::Ended { end, sentence }
    }

    pub(super) fn refused(why: &Why) -> String {
        format!("the module is refused: {why}")
    }

    pub(in crate::cli) fn exit_code(&self) -> u8 {
        match self {
            Self::Bound(_) | Self::Engine(EngineError::NotBuilt) => 2,
            Self::Engine(EngineError::Host(_)) => 1,
            Self::NotCompiled(CompileError::Invalid) => EXIT_INVALID,
            Self::NotCompiled(_) => 1,
            Self::Ended { end, .. } => 10 + end.status().number(),
            Self::Unfit(_) => 10 + Status::BadAbi.number(),
        }
    }
}
