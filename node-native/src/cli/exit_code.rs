//! Exit codes of what a node says.

use crate::control::client::ClientError;
use crate::sentences::exit_code;

/// The exit code of what a node, or its absence, says.
pub(super) fn exit_code_of(error: &ClientError) -> u8 {
    match error {
        ClientError::NoNode { .. } => 3,
        ClientError::Refused(failure) => tabmesh_engine::Status::from_code(failure.code).map_or(1, exit_code),
        _ => 1,
    }
}
