//! What lies in the table: accounts, references and open receipts, each as one or two units.

use tabmesh_port::{NodeId, Reader, Writer};

use crate::key::Key;
use crate::limits::{CREDIT, UNIT, first_sequence};

/// A unit of the table.
pub(crate) type Unit = [u8; UNIT];

const ACCOUNT: u8 = 1;
const REFERENCE: u8 = 2;
const OPEN: u8 = 5;

/// Who may spend what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// Where it lies.
    pub key: Key,
    /// What it can spend, in grains.
    pub balance: u64,
    /// Of its next operation.
    pub sequence: u32,
    /// What it has bonded, in credits; 0 of who does not vote.
    pub bond: u32,
    /// The epoch from which on the bond can be spent; 0 unless it leaves.
    pub unlock: u32,
    /// The epoch up to which rent is paid.
    pub touched: u32,
    /// The epoch in which it bonded.
    pub since: u32,
}

/// A name that is owned and paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Where it lies.
    pub key: Key,
    /// What its rent is paid of, in grains.
    pub balance: u64,
    /// How often it was set.
    pub version: u32,
    /// The epoch up to which rent is paid.
    pub touched: u32,
    /// The account that sets it.
    pub owner: Key,
    /// What it stands for: a hash, say.
    pub value: [u8; 32],
}

/// Credits on their way to another neighbourhood. Its key says whose they are and for whom ([`Receipt`](crate::Receipt)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Open {
    /// Where it lies.
    pub key: Key,
    /// How much, in grains.
    pub amount: u64,
    /// The last epoch in which its destination takes it.
    pub expiry: u32,
}

/// Anything that lies in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// One unit.
    Account(Account),
    /// Two units.
    Reference(Reference),
    /// One unit.
    Open(Open),
}

/// How many units a record takes whose first one this is; `None` if it is no record's.
pub(crate) fn units_of(first: &Unit) -> Option<usize> {
    match first.get(32)? {
        &ACCOUNT | &OPEN => Some(1),
        &REFERENCE => Some(2),
        _ => None,
    }
}

/// The key of the record whose first unit this is.
pub(crate) fn key_of(first: &Unit) -> Key {
    first.first_chunk().copied().map_or(Key([0; 32]), Key)
}

impl Account {
    /// One that is made in this epoch, without credits.
    pub(crate) fn new(key: Key, epoch: u32) -> Self {
        let sequence = first_sequence(epoch);
        Self { key, balance: 0, sequence, bond: 0, unlock: 0, touched: epoch, since: 0 }
    }

    /// Whether it is this node's.
    pub fn is_of(&self, id: &NodeId) -> bool {
        self.key == Key::account(id)
    }

    /// The bond in grains.
    pub fn bonded(&self) -> u64 {
        u64::from(self.bond) * CREDIT
    }
}

/// The fields behind a key, as all kinds have them; what a kind has not is 0.
#[derive(Default, PartialEq, Eq)]
struct Fields {
    kind: u8,
    balance: u64,
    sequence: u32,
    bond: u32,
    unlock: u32,
    touched: u32,
    since: u32,
}

impl Fields {
    /// Kind 1, zeros 3, balance 8, sequence 4, bond 4, unlock 4, touched 4, since 4.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let kind = reader.u8();
        let zeros = reader.bytes(3);
        let fields = Self {
            kind,
            balance: reader.u64(),
            sequence: reader.u32(),
            bond: reader.u32(),
            unlock: reader.u32(),
            touched: reader.u32(),
            since: reader.u32(),
        };
        (zeros == [0; 3]).then_some(fields)
    }

    fn emit(&self, writer: &mut Writer) {
        writer.u8(self.kind).bytes(&[0; 3]).u64(self.balance).u32(self.sequence).u32(self.bond);
        writer.u32(self.unlock).u32(self.touched).u32(self.since);
    }
}

impl Record {
    /// Reads its units, all of them; `None` if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let key = Key(*reader.array());
        let Fields { kind, balance, sequence, bond, unlock, touched, since } = Fields::read(&mut reader)?;
        let record = match kind {
            ACCOUNT => Self::Account(Account { key, balance, sequence, bond, unlock, touched, since }),
            REFERENCE => {
                let (owner, value) = (Key(*reader.array()), *reader.array());
                Self::Reference(Reference { key, balance, version: sequence, touched, owner, value })
            }
            OPEN => Self::Open(Open { key, amount: balance, expiry: unlock }),
            _ => return None,
        };
        reader.finish()?;
        // Each record has one form: what its kind does not use is 0, and its key is of its kind.
        let is_account = kind == ACCOUNT;
        let is_bare = match record {
            Self::Account(account) => account.bond > 0 || unlock == 0 && since == 0,
            Self::Reference(Reference { owner, .. }) => {
                bond == 0 && unlock == 0 && since == 0 && owner.is_account()
            }
            Self::Open(_) => bond == 0 && sequence == 0 && touched == 0 && since == 0,
        };
        (is_bare && key.is_account() == is_account).then_some(record)
    }

    /// Its units: key 32, kind 1, zeros 3, balance 8, sequence 4, bond 4, unlock 4, touched 4, since 4; of a reference owner 32 and value 32
    /// besides.
    pub(crate) fn emit(&self) -> alloc::vec::Vec<u8> {
        let mut writer = Writer::default();
        writer.bytes(&self.key().0);
        match *self {
            Self::Account(Account { balance, sequence, bond, unlock, touched, since, .. }) => {
                Fields { kind: ACCOUNT, balance, sequence, bond, unlock, touched, since }.emit(&mut writer);
            }
            Self::Reference(Reference { balance, version: sequence, touched, owner, value, .. }) => {
                Fields { kind: REFERENCE, balance, sequence, touched, ..Fields::default() }.emit(&mut writer);
                writer.bytes(&owner.0).bytes(&value);
            }
            Self::Open(Open { amount: balance, expiry: unlock, .. }) => {
                Fields { kind: OPEN, balance, unlock, ..Fields::default() }.emit(&mut writer);
            }
        }
        writer.finish()
    }

    /// Where it lies.
    pub fn key(&self) -> &Key {
        match self {
            Self::Account(account) => &account.key,
            Self::Reference(reference) => &reference.key,
            Self::Open(open) => &open.key,
        }
    }
}
