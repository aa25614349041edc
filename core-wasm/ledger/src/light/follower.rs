//! What a light node takes: a header that its voters, or later ones for whom enough of them vouch, have made final. Nothing is taken before all signatures hold.

use alloc::vec::Vec;

use tabmesh_port::{PublicKey, Reader};

use crate::group::{Certificate, Says};
use crate::hash::Hash;
use crate::header::Header;
use crate::limits::{term_of, view_of};
use crate::membership::closes;
use crate::operation::{Claim, LedgerId};
use crate::voters::Voters;

use super::belief::{Belief, Believed, Half, half};

/// Why something is not taken; what was believed stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Doubt {
    /// These bytes are none.
    Malformed = 1,
    /// It is another ledger's.
    OtherLedger = 2,
    /// It is before what is believed.
    Old = 3,
    /// It is what is believed.
    Known = 4,
    /// It is beyond the next term.
    TooFar = 5,
    /// The certificate is about something else.
    OtherSubject = 6,
    /// The list of voters is not the one to which the header commits.
    OtherList = 7,
    /// It is of a view whose voters are not known, and there is no list of them; or none that the header commits to.
    NoList = 8,
    /// Fewer have signed than make a block final.
    TooFew = 9,
    /// Too few of those who are believed are among who has signed.
    Strangers = 10,
    /// A signature does not hold.
    Signature = 11,
    /// What is believed is too old: whoever has left may have signed anything since.
    Stale = 12,
    /// Two headers stand against each other: nothing is believed any more.
    Forked = 13,
    /// Another one is being verified.
    Busy = 14,
    /// The proof does not show what is under that key.
    BadProof = 15,
}

/// Two headers that cannot both be final, and both are signed as if.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fork {
    /// Of the one that came second.
    pub height: u32,
    /// What was believed.
    pub one: Hash,
    /// What came.
    pub other: Hash,
}

/// What a signature that was verified led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// More have to be verified.
    Not,
    /// The header is believed now.
    Header,
    /// So was another one.
    Fork(Fork),
}

/// Something that is being verified.
struct Step {
    header: Header,
    hash: Hash,
    certificate: Certificate,
    /// What each signature covers.
    bytes: Vec<u8>,
    /// The quorum and the voters of a view that was not believed yet.
    next: Option<(u8, Vec<Believed>)>,
    is_rival: bool,
    /// Claims that were handed out, and those that hold.
    given: usize,
    held: usize,
}

/// Follows a ledger from what it believes.
pub struct Follower {
    ledger: LedgerId,
    belief: Belief,
    step: Option<Step>,
    fork: Option<Fork>,
    /// How many signatures held so far.
    verified: u32,
}

impl Follower {
    /// Begins with a belief.
    pub fn new(ledger: LedgerId, belief: Belief) -> Self {
        Self { ledger, belief, step: None, fork: None, verified: 0 }
    }

    /// What it believes.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// Of whom it knows that somebody signed two: it takes nothing more.
    pub fn fork(&self) -> Option<&Fork> {
        self.fork.as_ref()
    }

    /// How many signatures held so far.
    pub fn verified(&self) -> u32 {
        self.verified
    }

    /// Whether something is being verified.
    pub fn is_verifying(&self) -> bool {
        self.step.is_some()
    }

    /// Takes a step up: has list 1, certificate, the list of the voters of its view if it has one, and a header. What is behind it is given back.
    ///
    /// # Errors
    /// Why it cannot be one, whatever its signatures are.
    pub fn offer<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], (Doubt, &'a [u8])> {
        let (list, certificate, header, rest) = read(bytes).ok_or((Doubt::Malformed, &bytes[..0]))?;
        match self.weigh(list.as_ref(), certificate, header) {
            Ok(step) => {
                self.step = Some(step);
                Ok(rest)
            }
            Err(doubt) => Err((doubt, rest)),
        }
    }

    fn weigh(&self, list: Option<&Voters>, certificate: Certificate, header: Header) -> Result<Step, Doubt> {
        if self.fork.is_some() {
            return Err(Doubt::Forked);
        }
        if self.step.is_some() {
            return Err(Doubt::Busy);
        }
        if header.genesis != self.ledger.genesis {
            return Err(Doubt::OtherLedger);
        }
        let (height, hash, statement) = (header.height, header.hash(), &certificate.statement);
        let is_of =
            statement.says == Says::Finalise && statement.height == height && statement.subject == hash;
        if !is_of || height == 0 || header.view != view_of(height) || statement.view != header.view {
            return Err(Doubt::OtherSubject);
        }
        if list.is_some_and(|list| list.hash() != header.voters || closes(height)) {
            return Err(Doubt::OtherList);
        }
        let belief = &self.belief;
        let listed = list.map(Belief::listed);
        let is_other = |(_, voters): &(u8, Vec<Believed>)| {
            !voters.iter().map(|voter| &voter.key).eq(belief.voters.iter().map(|voter| &voter.key))
        };
        // Two lists of one view.
        let is_split = header.view == belief.view && listed.as_ref().is_some_and(is_other);
        if !is_split {
            self.place(&header, &hash)?;
        }
        let is_new = is_split || header.view > belief.view;
        let next = if is_new { Some(listed.ok_or(Doubt::NoList)?) } else { None };
        let (quorum, voters) = next.as_ref().map_or((belief.quorum, &belief.voters), |(q, list)| (*q, list));
        let count = signers(&certificate, voters).count();
        if count != certificate.len() {
            return Err(Doubt::Malformed);
        }
        if count < usize::from(quorum) {
            return Err(Doubt::TooFew);
        }
        if is_new {
            let judges = if is_split { belief.before.clone() } else { belief.steady() };
            vouched(signers(&certificate, voters), &judges)?;
        }
        let follows = height != belief.height.saturating_add(1) || header.previous == belief.hash;
        let is_rival = is_split || height == belief.height || !follows && belief.height > 0;
        let bytes = certificate.statement.signed(&self.ledger);
        Ok(Step { header, hash, certificate, bytes, next, is_rival, given: 0, held: 0 })
    }

    /// Whether a header may be the next one that is believed, or stands against the one that is.
    fn place(&self, header: &Header, hash: &Hash) -> Result<(), Doubt> {
        let belief = &self.belief;
        if header.height == belief.height && *hash == belief.hash {
            return Err(Doubt::Known);
        }
        let is_back = header.height > belief.height && header.epoch < belief.epoch;
        if header.height < belief.height || is_back {
            return Err(Doubt::Old);
        }
        if term_of(header.height) > term_of(belief.height) + 1 { Err(Doubt::TooFar) } else { Ok(()) }
    }

    /// The next signature that has to be verified. Any number may be under way; each is answered by [`Follower::checked`].
    pub fn claim(&mut self) -> Option<Claim> {
        let step = self.step.as_mut()?;
        let signature = *step.certificate.signatures.get(step.given)?;
        let voters = step.next.as_ref().map_or(&self.belief.voters, |(_, voters)| voters);
        let key = *signers(&step.certificate, voters).nth(step.given)?;
        step.given += 1;
        Some(Claim { key, signature, bytes: step.bytes.clone() })
    }

    /// A signature was verified.
    ///
    /// # Errors
    /// [`Signature`](Doubt::Signature): all of the step falls.
    pub fn checked(&mut self, holds: bool) -> Result<Taken, Doubt> {
        if !holds {
            self.step = None;
            return Err(Doubt::Signature);
        }
        let Some(step) = &mut self.step else { return Ok(Taken::Not) };
        step.held += 1;
        self.verified = self.verified.saturating_add(1);
        if step.held < step.certificate.len() {
            return Ok(Taken::Not);
        }
        let Some(Step { header, hash, next, is_rival, .. }) = self.step.take() else { return Ok(Taken::Not) };
        if is_rival {
            let fork = Fork { height: header.height, one: self.belief.hash, other: hash };
            self.fork = Some(fork);
            return Ok(Taken::Fork(fork));
        }
        let belief = &mut self.belief;
        if let Some((quorum, voters)) = next {
            belief.before = belief.steady();
            (belief.quorum, belief.voters, belief.view) = (quorum, voters, header.view);
        }
        (belief.height, belief.epoch, belief.hash, belief.state) =
            (header.height, header.epoch, hash, header.state);
        Ok(Taken::Header)
    }
}

type Read<'a> = (Option<Voters>, Certificate, Header, &'a [u8]);

fn read(bytes: &[u8]) -> Option<Read<'_>> {
    let mut reader = Reader::new(bytes);
    let has_list = reader.u8();
    let mut certificate = Certificate::read(&mut reader)?;
    certificate.signatures.shrink_to_fit();
    let list = match has_list {
        0 => None,
        1 => Some(Voters::read(&mut reader)?),
        _ => return None,
    };
    let header = Header::read(reader.bytes(Header::BYTES))?;
    reader.intact()?;
    Some((list, certificate, header, reader.rest()))
}

/// The keys of who has signed, in the order of their signatures.
fn signers<'a>(certificate: &Certificate, voters: &'a [Believed]) -> impl Iterator<Item = &'a PublicKey> {
    let bits = certificate.signers;
    let is_signer = move |(voter, _): &(usize, &Believed)| bits >> voter & 1 == 1;
    voters.iter().enumerate().filter(is_signer).map(|(_, voter)| &voter.key)
}

/// Whether more than a third of these are among the signers: one honest at least, who signs no header that does not follow.
fn vouched<'a>(keys: impl Iterator<Item = &'a PublicKey>, of: &[Half]) -> Result<(), Doubt> {
    let count = keys.filter(|key| of.contains(&half(key))).count();
    if count * 3 > of.len() { Ok(()) } else { Err(Doubt::Strangers) }
}
