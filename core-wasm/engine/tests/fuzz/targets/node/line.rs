//! A link as the shell of the node under test knows it.

/// How a link began.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Accepted,
    Dialled,
    Offered,
    Answering,
    Circuit,
}

/// A link that is open in the shell.
pub(super) struct Line {
    pub(super) way: Way,
    /// Whether the transport may open: of an offer once it was answered.
    pub(super) can_open: bool,
    pub(super) is_up: bool,
    /// Whose word the link was begun or answered by.
    pub(super) author: usize,
    /// Who sent what comes over it. What the bystander says comes over its own line alone.
    pub(super) is_bystanders: bool,
    /// Whether the other end said who it is, by itself.
    pub(super) is_greeted: bool,
    /// The `Hello` that the node said.
    pub(super) hello: Vec<u8>,
    /// A bit for each person that gave a proof on it: nobody else is believed to be there.
    pub(super) proofs: u8,
    /// Sealed with a key that no attacker has.
    pub(super) is_deaf: bool,
}
