//! Nodes that lie, and how.

use serde::Deserialize;

/// Nodes that lie.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Liars {
    pub(crate) share: f64,
    /// What they do; each liar does one of them.
    pub(crate) lies: Vec<Lie>,
    /// They behave until then.
    #[serde(default)]
    pub(crate) from_s: f64,
    /// And again from then on. Then the run is compared with a twin of the same seed in which nobody ever lied.
    pub(crate) until_s: Option<f64>,
    /// Eclipse: leading bits that their ids share with the victim's key.
    #[serde(default)]
    pub(crate) near_bits: u32,
}

impl Liars {
    /// So long after they stopped everything should be as if they had never lied.
    pub(crate) const SETTLES_S: f64 = 60.0;
}

/// One way of lying.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Lie {
    /// Takes what it should pass on, and passes nothing on.
    Drop,
    /// Passes on by a link at random, answers by one too.
    Misroute,
    /// Names accomplices where it should name the nodes closest to a place, and answers what it should pass on.
    FalseNeighbours,
    /// Sends garbage.
    Garbage,
    /// Passes everything on, each packet two seconds late.
    SlowDrip,
    /// Answers every lookup with ids that nobody has, closer to the place than any that somebody has.
    Invent,
    /// Ids ground close to one key; names accomplices alone.
    Eclipse,
    /// Stands between two native peers without a key: opens a WebSocket to each, passes on all that they say, and adds messages
    /// in the name of either.
    Relay,
    /// Answers offers that it should pass on by a refusal in the name of whom they are for; has others offer by way of it.
    Refuse,
    /// Sends answers whose path goes back and forth between two honest peers.
    Bounce,
    /// Tells everybody that it is one of its closest and its fastest link, stands where all are near, and names accomplices;
    /// takes as many links as a native peer.
    Squat,
    /// Asks for blocks, and grants no credit for them; takes blocks to hold, and says nothing.
    NoCredit,
    /// Gives every peer blocks to hold that nobody will ever read.
    Fill,
    /// Speaks about the topic in others' names: they want messages, part with their mates, look for others.
    ForgeTopic,
}

impl Lie {
    /// How often it does something by itself, in seconds; `None` for lies that only change what is said and heard.
    pub(crate) fn acts_every_s(self) -> Option<f64> {
        match self {
            Self::Relay | Self::Refuse | Self::Squat => Some(5.0),
            Self::Bounce => Some(10.0),
            Self::NoCredit | Self::ForgeTopic => Some(1.0),
            Self::Fill => Some(2.0),
            _ => None,
        }
    }
}
