//! What refusals of the ledger mean to a person.

use tabmesh_engine::Status;

use crate::ledger::faucet::EVERY_EPOCHS;
use crate::ledger::view::NoGift;

/// One sentence for the number of a refusal: what is wrong, and what to do; and how that ends a command.
pub fn refused(code: u8) -> (Status, &'static str) {
    use Status::{BadRequest, Forbidden, NotFound, TimedOut, TooManyRequests};
    match code {
        1 => (BadRequest, "this says nothing; send more than 0 credits"),
        2 | 3 => (BadRequest, "no node executes this kind of operation yet"),
        4 => (BadRequest, "it is for another ledger; see `tabmesh ledger status`"),
        5 => (Forbidden, "the signature does not hold; try again"),
        6 => (TimedOut, "its last epoch went by, and it is in no block; it cost nothing: send it again"),
        7 => (
            NotFound,
            "this node has no account in the ledger; get credits first: `tabmesh ledger faucet` on a test network",
        ),
        8 => (
            Forbidden,
            "another operation of this account had its number; see `tabmesh ledger history`, and send it again",
        ),
        9 => (TooManyRequests, "operations of this account before it are missing; wait for a block"),
        10 => {
            (TooManyRequests, "this account has done all that it may up to this epoch; wait for the next one")
        }
        11 => (BadRequest, "the fee is too low"),
        12 => (BadRequest, "the account has not so much, or has promised it; see `tabmesh ledger balance`"),
        13 => (
            BadRequest,
            "too little would be left for an account's rent; send less, or a little more so that nothing is left",
        ),
        14 => (BadRequest, "too little for a new account; send more"),
        15 => (BadRequest, "nobody may have so much"),
        16 => (
            TooManyRequests,
            "the ledger's table is full, so nobody new can have an account; wait until rent has made room",
        ),
        17 => (BadRequest, "payer and receiver are one account; name another id"),
        32 => (
            Forbidden,
            "this account has signed another operation with its number, so both paid their fee and did nothing; see \
                           `tabmesh ledger history`",
        ),
        33 => (
            TooManyRequests,
            "the ledger takes nothing now: it has not begun, is not caught up, or four operations of this node are on \
                                 their way; see `tabmesh ledger status`, and try again after the next block",
        ),
        34 => (TooManyRequests, "only a block settles it; wait for that"),
        _ => (Forbidden, "the ledger refuses it; see docs/LEDGER.md for the number"),
    }
}

/// The same where no faucet gave anything.
pub fn no_gift(why: NoGift) -> (Status, String) {
    match why {
        NoGift::Nobody => (
            Status::NotImplemented,
            "no voter gives test credits: on a test network start one with --faucet".to_owned(),
        ),
        NoGift::Had => (
            Status::Forbidden,
            format!("this node had test credits a while ago; it gets more {EVERY_EPOCHS} epochs after those"),
        ),
        NoGift::Later => (
            Status::TooManyRequests,
            "the faucet has given all of this epoch; ask again in the next one".to_owned(),
        ),
        NoGift::Unreachable => (
            Status::Unavailable,
            "no voter answered; see `tabmesh ledger voters` for those that are linked, and ask again"
                .to_owned(),
        ),
        NoGift::NoVoter => (
            Status::BadRequest,
            "whoever is asked must be a voter and another node; see `tabmesh ledger voters`".to_owned(),
        ),
        NoGift::Wrong => (
            Status::InternalError,
            "what the voter gave is no transfer to this node; ask another one with --of".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_words() {
        for code in 1..=34 {
            assert!(!refused(code).1.is_empty());
        }
    }
}
