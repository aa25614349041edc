//! What an account wants done: 184 bytes, signed.

use alloc::vec::Vec;

use tabmesh_port::{Attachment, NodeId, Port, PublicKey, Reader, Signature, Writer};

use crate::hash::{Hash, Tag, tagged};
use crate::key::{Key, Name};
use crate::refusal::Refusal;

const TRANSFER: u8 = 1;
const BOND: u8 = 2;
const LEAVE: u8 = 3;
const JOIN: u8 = 4;
const THAW: u8 = 5;
const SET: u8 = 6;
const RENEW: u8 = 7;
/// Post 8, commit 9, reveal 10, settle 11; create 12, fund 13; open 14, close 15, contest 16; conflict 17, claim 18, refund 19, evidence 20.
const LAST: u8 = 20;

/// Which ledger, and on which network its module speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LedgerId {
    /// The overlay's network, as [`Attachment::network`] names it.
    pub network: [u8; 8],
    /// The hash of its [`Genesis`](crate::Genesis).
    pub genesis: Hash,
}

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Sends credits; where the receiver lives in another neighbourhood, a receipt of them.
    Transfer {
        /// To whom.
        to: NodeId,
        /// In grains.
        amount: u64,
    },
    /// Makes credits a bond, or adds to it.
    Bond {
        /// How many.
        credits: u32,
    },
    /// The bond leaves: it can be spent [`UNBONDING`](crate::limits::UNBONDING) epochs later.
    Leave,
    /// Asks for a seat among the voters. Of who has one it says that its node has lost its journal, or has none yet, and begins a new one.
    Join {
        /// By chance: so a node knows that this run of it has asked.
        nonce: [u8; 8],
    },
    /// Brings a frozen seat back.
    Thaw {
        /// See [`Action::Join`].
        nonce: [u8; 8],
        /// What shows that the node has the state: its [`Seat::lot`](crate::Seat::lot).
        proof: [u8; 8],
    },
    /// Makes a reference, or sets it anew.
    Set {
        /// Which.
        name: Name,
        /// To what.
        value: [u8; 32],
    },
    /// Pays the rent of a reference, whoever owns it.
    Renew {
        /// Of which.
        name: Name,
        /// In grains.
        amount: u64,
    },
}

/// An action with what makes it count once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    /// What it does.
    pub action: Action,
    /// What it pays for that, in grains.
    pub fee: u32,
    /// Its number among the account's.
    pub sequence: u32,
    /// The last epoch in which it may be done.
    pub until: u32,
    /// Who pays.
    pub key: PublicKey,
    /// The payer's, over [`Operation::covered`].
    pub signature: Signature,
}

/// What has to be verified for an operation to hold: that the signature is the key's, over these bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The payer's.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
    /// What it covers, all of it.
    pub bytes: Vec<u8>,
}

impl Operation {
    /// How long it is.
    pub const BYTES: usize = 184;

    /// How long what is signed of it is: all but key and signature.
    const CONTENT: usize = 56;

    /// Reads its bytes.
    ///
    /// # Errors
    /// [`Malformed`](Refusal::Malformed), [`UnknownKind`](Refusal::UnknownKind), [`NotYet`](Refusal::NotYet).
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8();
        let (fee, sequence, until) = (reader.u32(), reader.u32(), reader.u32());
        let (subject, detail): (&[u8; 32], &Name) = (reader.array(), reader.array());
        let (key, signature) = (*reader.key(), *reader.signature());
        reader.finish().ok_or(Refusal::Malformed)?;
        let action = action(kind, subject, detail)?;
        Ok(Self { action, fee, sequence, until, key, signature })
    }

    /// Its bytes: kind 1, fee 4, sequence 4, until 4, subject 32, detail 11, key 64, signature 64.
    pub fn emit(&self) -> Vec<u8> {
        let mut writer = self.content();
        writer.bytes(&self.key.0).bytes(&self.signature.0);
        writer.finish()
    }

    fn content(&self) -> Writer {
        let (kind, subject, detail) = match self.action {
            Action::Transfer { to, amount } => (TRANSFER, to.0, padded(&amount.to_be_bytes())),
            Action::Bond { credits } => (BOND, [0; 32], padded(&credits.to_be_bytes())),
            Action::Leave => (LEAVE, [0; 32], [0; 11]),
            Action::Join { nonce } => (JOIN, [0; 32], padded(&nonce)),
            Action::Thaw { nonce, proof } => (THAW, padded(&proof), padded(&nonce)),
            Action::Set { name, value } => (SET, value, name),
            Action::Renew { name, amount } => (RENEW, padded(&amount.to_be_bytes()), name),
        };
        let mut writer = Writer::with_capacity(Self::BYTES);
        writer.u8(kind).u32(self.fee).u32(self.sequence).u32(self.until).bytes(&subject).bytes(&detail);
        writer
    }

    /// Names it, whatever its signature: SHA-256(5 ‖ content 56 ‖ key 64).
    pub fn id(&self) -> Hash {
        tagged(Tag::Operation, &[&self.content().finish(), &self.key.0])
    }

    /// The account that pays.
    pub fn payer(&self) -> Key {
        Key::account(&NodeId::of_key(&self.key))
    }

    /// What a module of the ledger signs: 5, genesis 32, content 56. Its shell puts [`Attachment::covered`] before it.
    pub fn covered(&self, ledger: &LedgerId) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1 + 32 + Self::CONTENT);
        writer.u8(Tag::Operation as u8).bytes(&ledger.genesis).bytes(&self.content().finish());
        writer.finish()
    }

    /// What is left to be verified. If that fails, it is a [`BadSignature`](Refusal::BadSignature).
    pub fn claim(&self, ledger: &LedgerId) -> Claim {
        let bytes = Attachment::covered(&ledger.network, Port::LEDGER, &self.covered(ledger));
        Claim { key: self.key, signature: self.signature, bytes }
    }

    /// Reads an operation that somebody handed in: the first 8 bytes of the genesis' hash, and its bytes.
    ///
    /// # Errors
    /// [`WrongLedger`](Refusal::WrongLedger), or as [`Operation::read`].
    pub fn submitted(bytes: &[u8], ledger: &LedgerId) -> Result<Self, Refusal> {
        let (head, operation) = bytes.split_first_chunk::<8>().ok_or(Refusal::Malformed)?;
        if !ledger.genesis.starts_with(head) {
            return Err(Refusal::WrongLedger);
        }
        Self::read(operation)
    }

    /// What [`Operation::submitted`] reads.
    pub fn submission(&self, ledger: &LedgerId) -> Vec<u8> {
        let mut writer = Writer::with_capacity(8 + Self::BYTES);
        writer.bytes(ledger.genesis.get(..8).unwrap_or(&[])).bytes(&self.emit());
        writer.finish()
    }
}

fn action(kind: u8, subject: &[u8; 32], detail: &Name) -> Result<Action, Refusal> {
    let mut subjects = Reader::new(subject);
    let mut details = Reader::new(detail);
    // Whichever of the two holds a number has zeros behind it.
    let (action, rest) = match kind {
        TRANSFER => {
            let amount = details.u64();
            (Action::Transfer { to: NodeId(*subject), amount }, details)
        }
        BOND if *subject == [0; 32] => (Action::Bond { credits: details.u32() }, details),
        LEAVE if *subject == [0; 32] => (Action::Leave, details),
        JOIN if *subject == [0; 32] => (Action::Join { nonce: *details.array() }, details),
        THAW if subject.iter().skip(8).all(|byte| *byte == 0) => {
            (Action::Thaw { nonce: *details.array(), proof: *subjects.array() }, details)
        }
        SET => return Ok(Action::Set { name: *detail, value: *subject }),
        RENEW => {
            let amount = subjects.u64();
            (Action::Renew { name: *detail, amount }, subjects)
        }
        BOND | LEAVE | JOIN | THAW => return Err(Refusal::Malformed),
        0 => return Err(Refusal::UnknownKind),
        _ if kind > LAST => return Err(Refusal::UnknownKind),
        _ => return Err(Refusal::NotYet),
    };
    let says_nothing = matches!(
        action,
        Action::Transfer { amount: 0, .. } | Action::Bond { credits: 0 } | Action::Renew { amount: 0, .. }
    );
    let is_zero = rest.clone().rest().iter().all(|byte| *byte == 0);
    if is_zero && !says_nothing { Ok(action) } else { Err(Refusal::Malformed) }
}

/// These bytes with zeros behind them.
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut padded = [0; N];
    for (place, byte) in padded.iter_mut().zip(bytes) {
        *place = *byte;
    }
    padded
}
