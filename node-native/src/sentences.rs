//! What the engine's numbers mean to a person, and the way out.

use tabmesh_engine::Status;

/// One sentence for a status: what happened, and what to do.
pub fn sentence(status: Status) -> &'static str {
    match status {
        Status::Ok => "it was done",
        Status::Partial => {
            "it was done in part: fewer nodes hold it than should; put it again when more are linked"
        }
        Status::BadRequest => {
            "the request makes no sense: it is too large or malformed; check what was asked for"
        }
        Status::NotFound => {
            "no node that should have it has it; check the name, or wait for its giver to come back"
        }
        Status::TooManyRequests => "the node is busy with other requests; try again in a moment",
        Status::Unavailable => {
            "the node has no links; see `tabmesh status`, and give it a --peer or --signalling"
        }
        Status::TimedOut => "no answer came in time on any way; try again, and see `tabmesh peers`",
        Status::InsufficientStorage => "this node's store is full; give it a larger --quota",
        Status::NetworkFull => {
            "the stores of the other nodes are full; give them a larger --quota, or add nodes, and put it again"
        }
    }
}

/// The exit code of a command that ended with this status; `tabmesh --help` lists them.
pub fn exit_code(status: Status) -> u8 {
    match status {
        Status::Ok | Status::Partial => 0,
        Status::BadRequest => 2,
        Status::NotFound => 4,
        Status::TooManyRequests | Status::Unavailable | Status::TimedOut => 5,
        Status::InsufficientStorage | Status::NetworkFull => 6,
    }
}
