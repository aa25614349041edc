//! The table of a neighbourhood: records in the order of their keys, in units of 64 bytes.

use alloc::vec::Vec;

use tabmesh_port::NodeId;

use crate::key::{Key, Name, Prefix};
use crate::limits::{UNIT, UNITS_MAX};
use crate::record::{Account, Open, Record, Reference, Unit, key_of, units_of};

/// Records by their keys. It takes no more memory than its bound from the start on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Units {
    units: Vec<Unit>,
    /// Of each record by its place in the order, where its first unit is.
    firsts: Vec<u16>,
    most: usize,
    /// Since [`Units::begin`]: records as they were, and keys alone of those that were not there, the oldest first.
    undo: Option<Vec<Vec<u8>>>,
}

impl Units {
    /// None yet, and never more than `most`, or than [`UNITS_MAX`].
    pub fn new(most: u32) -> Self {
        let most = most.min(UNITS_MAX) as usize;
        Self { units: Vec::with_capacity(most), firsts: Vec::with_capacity(most), most, undo: None }
    }

    /// Reads what [`Units::bytes`] gave; `None` if these are no records of such keys in their order, or too many.
    pub fn read(bytes: &[u8], most: u32, prefix: Prefix) -> Option<Self> {
        let mut table = Self::new(most);
        let (units, rest) = bytes.as_chunks::<UNIT>();
        let mut units = units;
        let mut last: Option<Key> = None;
        while let Some(first) = units.first() {
            let (record, behind) = units.split_at_checked(units_of(first)?)?;
            let record = Record::read(record.as_flattened())?;
            let key = *record.key();
            if last.is_some_and(|last| last >= key) || !prefix.covers(&key) || !table.put(&record) {
                return None;
            }
            (last, units) = (Some(key), behind);
        }
        rest.is_empty().then_some(table)
    }

    /// All units, as they stand.
    pub fn bytes(&self) -> &[u8] {
        self.units.as_flattened()
    }

    /// How many units there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// How many there may be.
    pub fn most(&self) -> usize {
        self.most
    }

    /// The record with this key.
    pub fn get(&self, key: &Key) -> Option<Record> {
        self.at(self.find(key).ok()?)
    }

    /// The record at this place of the order.
    pub fn at(&self, place: usize) -> Option<Record> {
        Record::read(self.leaf(place)?)
    }

    /// The account with this key.
    pub fn account(&self, key: &Key) -> Option<Account> {
        match self.get(key)? {
            Record::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The account of this node.
    pub fn account_of(&self, id: &NodeId) -> Option<Account> {
        self.account(&Key::account(id))
    }

    /// The reference with this name.
    pub fn reference(&self, name: &Name) -> Option<Reference> {
        match self.get(&Key::reference(name))? {
            Record::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// The open receipt with this key.
    pub(crate) fn open(&self, key: &Key) -> Option<Open> {
        match self.get(key)? {
            Record::Open(open) => Some(open),
            _ => None,
        }
    }

    /// How many records there are.
    pub fn records(&self) -> usize {
        self.firsts.len()
    }

    /// The records in their order, in bytes.
    pub(crate) fn leaves(&self) -> Vec<&[u8]> {
        let mut leaves = Vec::with_capacity(self.records());
        for place in 0..self.records() {
            leaves.extend(self.leaf(place));
        }
        leaves
    }

    /// Puts a record in the place of the one with its key, if there is one. `false`, and nothing changes, if there is no room for it.
    #[must_use]
    pub(crate) fn put(&mut self, record: &Record) -> bool {
        let bytes = record.emit();
        let (new, _) = bytes.as_chunks::<UNIT>();
        let found = self.find(record.key());
        self.note(found, record.key());
        match found {
            // A key is of one kind for good, so its record takes as many units as before.
            Ok(place) if self.leaf(place).is_some_and(|leaf| leaf.len() == bytes.len()) => {
                let first = self.first(place).unwrap_or_default();
                for (old, new) in self.units.iter_mut().skip(first).zip(new) {
                    *old = *new;
                }
                true
            }
            Err(place) if self.has_room(new.len()) => {
                let first = self.first(place).unwrap_or(self.units.len());
                for (at, unit) in new.iter().enumerate() {
                    self.units.insert(first + at, *unit);
                }
                self.firsts.insert(place, first as u16);
                self.shift(place + 1, new.len() as i16);
                true
            }
            _ => false,
        }
    }

    /// Takes the record with this key out, if there is one.
    pub(crate) fn remove(&mut self, key: &Key) {
        let Ok(place) = self.find(key) else { return };
        let Some(length) = self.leaf(place).map(|leaf| leaf.len() / UNIT) else { return };
        self.note(Ok(place), key);
        let first = usize::from(self.firsts.remove(place));
        self.units.drain(first..first + length);
        self.shift(place, -(length as i16));
    }

    /// From here on changes can be taken back.
    pub(crate) fn begin(&mut self) {
        self.undo = Some(Vec::new());
    }

    /// Ends that: changes stay, or are taken back.
    pub(crate) fn end(&mut self, stay: bool) {
        let undo = self.undo.take().unwrap_or_default();
        for old in undo.iter().rev().take_while(|_| !stay) {
            match (Record::read(old), old.first_chunk()) {
                // There was room for it, and whatever came since is gone already.
                (Some(record), _) => _ = self.put(&record),
                (None, Some(key)) => self.remove(&Key(*key)),
                _ => {}
            }
        }
    }

    /// Remembers what is under this key, for [`Units::end`].
    fn note(&mut self, found: Result<usize, usize>, key: &Key) {
        let old = found.ok().and_then(|place| self.leaf(place)).unwrap_or(&key.0).to_vec();
        if let Some(undo) = &mut self.undo {
            undo.push(old);
        }
    }

    /// Whether so many units more would fit.
    pub(crate) fn has_room(&self, units: usize) -> bool {
        self.units.len() + units <= self.most
    }

    /// Where the first unit of this record is.
    fn first(&self, place: usize) -> Option<usize> {
        self.firsts.get(place).copied().map(usize::from)
    }

    fn leaf(&self, place: usize) -> Option<&[u8]> {
        let first = self.first(place)?;
        let end = self.first(place + 1).unwrap_or(self.units.len());
        self.units.get(first..end).map(<[Unit]>::as_flattened)
    }

    /// The place of this key in the order, or where it would be.
    fn find(&self, key: &Key) -> Result<usize, usize> {
        let units = &self.units;
        self.firsts.binary_search_by(|first| {
            units.get(usize::from(*first)).map_or(core::cmp::Ordering::Greater, |unit| key_of(unit).cmp(key))
        })
    }

    /// The units of records from `place` on went so far.
    fn shift(&mut self, place: usize, by: i16) {
        for first in self.firsts.iter_mut().skip(place) {
            *first = first.wrapping_add_signed(by);
        }
    }
}
