//! What the engine's numbers mean to a person, and the way out. A number says different things of different operations.

pub mod ledger;

use tabmesh_engine::Status;

/// What was asked of the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// To keep a block.
    Put,
    /// For a block.
    Get,
    /// For the nodes closest to an id.
    Find,
    /// To take a message to a node.
    Send,
    /// To take a question to a node: this node ended it.
    Ask,
    /// For an answer: the node that was asked ended it.
    Answer,
    /// To tell a message to a topic.
    Publish,
    /// To carry bytes both ways.
    Stream,
}

/// One sentence for the end of an operation: what happened, and what to do.
pub fn sentence(operation: Operation, status: Status) -> &'static str {
    let own = match operation {
        Operation::Put => of_put(status),
        Operation::Get => of_get(status),
        Operation::Find => of_find(status),
        Operation::Send => of_send(status),
        Operation::Ask => of_ask(status),
        Operation::Answer => of_answer(status),
        Operation::Publish => of_publish(status),
        Operation::Stream => of_stream(status),
    };
    own.unwrap_or(match status {
        Status::Ok => "it was done",
        Status::Partial => "it was done in part; try again",
        Status::BadRequest => "the request makes no sense to the network; check what was asked for",
        Status::Unauthorized => "the other node does not know this one; ask its operator to let it in",
        Status::Forbidden => "the other node does not allow it; ask its operator to",
        Status::NotFound => "nobody has what was asked for; check its name, and try again",
        Status::TooManyRequests => "the node is busy with other requests; try again in a moment",
        Status::InternalError => "the other node failed at it; its log may say why",
        Status::NotImplemented => {
            "the other node does no such thing; use the same version of tabmesh on both ends"
        }
        Status::Unavailable => {
            "the node has no links; see `tabmesh status`, and give it a --peer or --signalling"
        }
        Status::TimedOut => "no answer came in time on any way; try again, and see `tabmesh peers`",
        Status::VersionNotSupported => {
            "the other node speaks another version; use the same version of tabmesh on both ends"
        }
        Status::InsufficientStorage => "this node's store is full; give it a larger --quota",
        Status::NetworkFull => {
            "the stores of the other nodes are full; give them a larger --quota, or add nodes"
        }
    })
}

fn of_put(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::Partial => "fewer nodes hold it than should; put it again when more are linked",
        Status::NotFound => "a block of it is in this node's store no more; put it again",
        Status::NetworkFull => {
            "the stores of the other nodes are full; give them a larger --quota, or add nodes, and put it again"
        }
        _ => return None,
    })
}

fn of_get(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::NotFound => {
            "no node that should have it has it; check the name, or wait for its giver to come back"
        }
        _ => return None,
    })
}

fn of_find(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::NotFound => "no node was found near this id; see `tabmesh peers`, and try again",
        Status::TimedOut => "no node answered the search in time; see `tabmesh peers`, and try again",
        _ => return None,
    })
}

const NO_SUCH_NODE: &str = "no node of this id was found; check the id (`tabmesh id` prints a node's own), and that the node runs and has \
                            joined this network";

fn of_send(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::BadRequest => "a message has at most 32 KiB; put what is longer, and send its CID",
        Status::NotFound => NO_SUCH_NODE,
        Status::TooManyRequests => "too many messages are under way; send it again in a moment",
        Status::Unavailable => {
            "no peer is linked that could carry the message; see `tabmesh peers`, and give the node a --peer or --signalling"
        }
        Status::TimedOut => {
            "the node of this id did not answer, and may have the message all the same; check the id and that the node runs, and send it \
             again"
        }
        _ => return None,
    })
}

fn of_ask(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::BadRequest => "a question has at most 32 KiB; put what is longer, and ask about its CID",
        Status::NotFound => NO_SUCH_NODE,
        Status::TooManyRequests => "too many questions are under way; ask again in a moment",
        Status::Unavailable => {
            "no peer is linked that could carry the question; see `tabmesh peers`, and give the node a --peer or --signalling"
        }
        Status::TimedOut => {
            "no answer came in time, and the question may be there all the same; check the id and that the node runs, or allow more with \
             --within"
        }
        _ => return None,
    })
}

fn of_answer(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::BadRequest => "the other node makes nothing of this question; check what it is asked",
        Status::NotFound => "the other node does not have what it was asked for; check what it is asked",
        Status::TooManyRequests => {
            "too many questions wait for answers at the other node; ask again in a moment"
        }
        Status::InternalError => {
            "whoever answers at the other node failed at this question; its operator may see why"
        }
        Status::NotImplemented => "nobody answers questions at the other node; run `tabmesh answer` there",
        Status::Unavailable => {
            "whoever answered at the other node went away; ask again when `tabmesh answer` runs there"
        }
        _ => return None,
    })
}

fn of_publish(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::BadRequest => {
            "a message of a topic has at most 8 KiB; put what is longer, and publish its CID"
        }
        Status::NotFound => "the node takes no part in the topic any more; publish it again",
        Status::TooManyRequests => "the listeners take in no more just now; publish it again in a moment",
        Status::Unavailable => {
            "the node could not sign the message, or is being stopped; its log says more, and `tabmesh status` whether it runs"
        }
        _ => return None,
    })
}

/// The exit code of a command that ended with this status; `tabmesh --help` lists them.
pub fn exit_code(status: Status) -> u8 {
    match status {
        Status::Ok | Status::Partial => 0,
        Status::BadRequest => 2,
        Status::NotFound => 4,
        Status::TooManyRequests | Status::Unavailable | Status::TimedOut => 5,
        Status::InsufficientStorage | Status::NetworkFull => 6,
        Status::Unauthorized
        | Status::Forbidden
        | Status::InternalError
        | Status::NotImplemented
        | Status::VersionNotSupported => 7,
    }
}

fn of_stream(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::BadRequest => {
            "the stream was broken off, for one end broke its rules; use the same version of tabmesh on both ends"
        }
        Status::Unauthorized => "the other end is not sure who asks; try again once it is linked",
        Status::Forbidden => "the other end does not want the stream; ask its operator",
        Status::NotFound => {
            "nobody listens there for a stream of this name; check the name, and that the other end listens"
        }
        Status::TooManyRequests => {
            "too many streams are open, here or at the other end; end one, or try again later"
        }
        Status::NotImplemented => "the node takes no streams; somebody has to listen there first",
        Status::Unavailable => {
            "the other end cannot be reached, has left, or broke the stream off; what came until then is whole, and more may have \
             arrived there"
        }
        Status::TimedOut => {
            "nothing was heard of the other end for long; what came until then is whole, and more may have arrived there"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    //! What is said of an operation speaks of that operation.

    use super::*;

    #[test]
    fn an_operation_is_not_spoken_of_in_the_words_of_another() {
        let foreign: [(Operation, &[&str]); 8] = [
            (Operation::Put, &["send", "publish", "giver", "topic", "question"]),
            (Operation::Get, &["send", "publish", "put it", "topic", "question"]),
            (Operation::Find, &["send", "publish", "giver", "put ", "topic", "question"]),
            (Operation::Send, &["giver", "publish", "put it again", "topic", "question"]),
            (Operation::Ask, &["giver", "send", "publish", "put it again", "topic"]),
            (Operation::Answer, &["giver", "send", "publish", "put it again", "topic"]),
            (Operation::Publish, &["giver", "send", "put it again", "question"]),
            (Operation::Stream, &["giver", "send", "publish", "put it again", "topic", "question"]),
        ];
        for (operation, words) in foreign {
            // Of the stores of others only a put says anything.
            for status in Status::ALL.into_iter().filter(|status| *status != Status::NetworkFull) {
                let said = sentence(operation, status);
                for word in words {
                    assert!(!said.contains(word), "{operation:?} {status:?}: {word} in {said}");
                }
            }
        }
    }

    #[test]
    fn a_sentence_says_what_happened_and_the_way_out() {
        for operation in [
            Operation::Put,
            Operation::Get,
            Operation::Find,
            Operation::Send,
            Operation::Ask,
            Operation::Answer,
            Operation::Publish,
            Operation::Stream,
        ] {
            for status in Status::ALL.into_iter().filter(|status| *status != Status::Ok) {
                let said = sentence(operation, status);
                assert!(said.contains("; "), "{operation:?} {status:?}: {said}");
            }
        }
        assert!(sentence(Operation::Send, Status::NotFound).contains("no node of this id"));
    }
}
