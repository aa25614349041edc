//! Keeping blocks on the nodes that should hold them.
//!
//! Every node walks its keys now and then and sums, for each neighbour, the keys that both should hold, in 16
//! buckets by the key's last bits. Neighbours compare sums; where they differ the one asks for the other's keys
//! there, sees which it lacks, and fetches them. All of it is paced, and what does not fit waits for the next round.

use alloc::vec::Vec;

use super::{Blocks, Pending};
use crate::ground::{Ground, Owner};
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{HASHES_MAX, LISTINGS_MAX, REPLICAS, SUMS_MAX, WANTED_MAX};
use crate::list::List;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::{DIGEST_BUCKETS, Frame};

/// How often all keys are walked when nothing changed.
const PASS_MS: u64 = 120_000;

type Sums = Vec<(NodeId, [u64; DIGEST_BUCKETS])>;

/// A neighbour wants to know our keys.
struct Listing {
    link: LinkId,
    mask: u16,
    after: NodeId,
    keys: Vec<u8>,
}

/// Where repair stands.
#[derive(Default)]
pub(super) struct Repair {
    next_pass: Instant,
    /// The walk under way: the last key seen, and the sums so far.
    pass: Option<(Option<NodeId>, Sums)>,
    /// Of the last whole walk.
    sums: Sums,
    listings: Vec<Listing>,
    is_scanning: bool,
    /// Blocks to fetch, and from whom.
    wanted: Vec<(NodeId, LinkId)>,
    /// A list that goes on once `wanted` is fetched.
    more: Option<(LinkId, u16, NodeId)>,
}

fn bucket(key: &NodeId) -> usize {
    usize::from(key.0[31]) % DIGEST_BUCKETS
}

/// The sums as a digest carries them.
#[inline(never)]
fn sum_bytes(sums: &[u64; DIGEST_BUCKETS]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(DIGEST_BUCKETS * 8);
    for sum in sums {
        writer.u64(*sum);
    }
    writer.finish()
}

impl Blocks {
    /// Begins a walk through the store, if it is time.
    pub(crate) fn repair_on_time(&mut self, ground: &mut Ground) {
        if ground.now >= self.repair.next_pass {
            self.repair.next_pass = ground.about(PASS_MS);
            if self.repair.pass.is_none() && ground.links.ready_count() > 0 {
                self.repair.pass = Some((None, Vec::new()));
            }
        }
        ground.arm(self.repair.next_pass);
    }

    /// Neighbours have changed: walks within `span`.
    pub(crate) fn repair_within(&mut self, ground: &mut Ground, span: Duration) {
        self.repair.next_pass = self.repair.next_pass.min(ground.now + span);
        ground.arm(self.repair.next_pass);
    }

    /// A block that is missing here, and the link to a peer that has it.
    pub(crate) fn next_missing(&mut self) -> Option<(NodeId, LinkId)> {
        self.repair.wanted.pop()
    }

    /// Once a neighbour's first keys are seen to, asks for those behind them.
    pub(crate) fn ask_for_more(&mut self, ground: &mut Ground) {
        if self.repair.wanted.is_empty()
            && let Some((link, mask, after)) = self.repair.more.take()
        {
            ground.send(link, &Frame::Differ { mask, after: &after });
        }
    }

    /// Goes on with a walk: one at a time; lists for neighbours go first.
    pub(crate) fn scan_next(&mut self, ground: &mut Ground) {
        if self.repair.is_scanning {
            return;
        }
        let (after, for_listing) = match (self.repair.listings.first(), &self.repair.pass) {
            (Some(listing), _) => (Some(listing.after), true),
            (None, Some((after, _))) => (*after, false),
            (None, None) => return,
        };
        self.repair.is_scanning =
            self.pending.add(ground.scan(Owner::Blocks, after.as_ref()), Pending::Scan { for_listing });
    }

    pub(super) fn on_scanned(&mut self, ground: &mut Ground, keys: &[NodeId], for_listing: bool) {
        self.repair.is_scanning = false;
        if for_listing {
            self.on_listing_scanned(ground, keys);
        } else {
            self.on_pass_scanned(ground, keys);
        }
    }

    fn on_pass_scanned(&mut self, ground: &mut Ground, keys: &[NodeId]) {
        let Some((_, mut sums)) = self.repair.pass.take() else { return };
        for key in keys {
            let holders = ground.nearest_linked(key, REPLICAS);
            if !holders.contains(&ground.id) {
                continue;
            }
            for holder in holders.ids().iter().filter(|holder| **holder != ground.id) {
                let place = match sums.iter().position(|(id, _)| id == holder) {
                    Some(place) => place,
                    None if sums.len() >= SUMS_MAX => continue,
                    None => {
                        sums.push((*holder, [0; DIGEST_BUCKETS]));
                        sums.len() - 1
                    }
                };
                if let Some(sum) = sums.get_mut(place).and_then(|(_, sums)| sums.get_mut(bucket(key))) {
                    let word = key.0[16..24].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                    *sum = sum.wrapping_add(word);
                }
            }
        }
        if let Some(last) = keys.last().filter(|_| keys.len() >= HASHES_MAX) {
            self.repair.pass = Some((Some(*last), sums));
            return;
        }
        for (id, sums) in &sums {
            let bytes = sum_bytes(sums);
            if let Some(link) = ground.links.to(id).map(|link| link.id) {
                ground.send(link, &Frame::Digest(&bytes));
            }
        }
        self.repair.sums = sums;
    }

    /// A neighbour's sums over the keys that both should hold.
    pub(crate) fn on_digest(&mut self, ground: &mut Ground, link: LinkId, peer: &NodeId, bytes: &[u8]) {
        let known = self.repair.sums.iter().find(|(id, _)| id == peer);
        let own = sum_bytes(known.map_or(&[0; DIGEST_BUCKETS], |(_, sums)| sums));
        let mut mask = 0;
        for (place, (theirs, ours)) in bytes.as_chunks::<8>().0.iter().zip(own.as_chunks().0).enumerate() {
            mask |= u16::from(theirs != ours) << place;
        }
        if mask != 0 {
            ground.send(link, &Frame::Differ { mask, after: &NodeId([0; 32]) });
        }
    }

    /// A neighbour wants to know our keys.
    pub(crate) fn on_differ(&mut self, link: LinkId, mask: u16, after: &NodeId) {
        let is_asked = self.repair.listings.iter().any(|listing| listing.link == link);
        if !is_asked && self.repair.listings.len() < LISTINGS_MAX {
            self.repair.listings.push(Listing { link, mask, after: *after, keys: Vec::new() });
        }
    }

    fn on_listing_scanned(&mut self, ground: &mut Ground, keys: &[NodeId]) {
        if self.repair.listings.is_empty() {
            return;
        }
        let mut listing = self.repair.listings.remove(0);
        let Some(link) = ground.links.ready(listing.link) else { return };
        let peer = link.peer;
        for key in keys {
            listing.after = *key;
            if listing.mask >> bucket(key) & 1 == 0 {
                continue;
            }
            let holders = ground.nearest_linked(key, REPLICAS);
            if holders.contains(&peer) {
                listing.keys.extend_from_slice(&key.0);
            }
            if listing.keys.len() >= HASHES_MAX * 32 {
                break;
            }
        }
        let is_end = keys.len() < HASHES_MAX && keys.last().is_none_or(|last| *last == listing.after);
        if !is_end && listing.keys.len() < HASHES_MAX * 32 {
            self.repair.listings.insert(0, listing);
            return;
        }
        if !listing.keys.is_empty() {
            let frame = Frame::Keys { mask: listing.mask, more: !is_end, keys: &listing.keys };
            ground.send(listing.link, &frame);
        }
    }

    /// A neighbour's keys.
    pub(crate) fn on_keys(&mut self, ground: &mut Ground, link: LinkId, mask: u16, more: bool, keys: &[u8]) {
        let keys = NodeId::list(keys);
        let keys = keys.get(..HASHES_MAX).unwrap_or(keys);
        if let Some(last) = keys.last().filter(|_| more) {
            self.repair.more = Some((link, mask, *last));
        }
        let mut ours = keys.to_vec();
        ours.keep(|key| ground.should_hold(key));
        if !ours.is_empty() {
            self.pending.add(ground.find_absent(Owner::Blocks, &ours), Pending::Absent(link));
        }
    }

    /// Which of a neighbour's keys are missing here.
    pub(super) fn on_absent(&mut self, link: LinkId, hashes: &[NodeId]) {
        for hash in hashes {
            let is_wanted = self.repair.wanted.iter().any(|(wanted, _)| wanted == hash);
            if self.repair.wanted.len() < WANTED_MAX && !is_wanted {
                self.repair.wanted.push((*hash, link));
            }
        }
    }
}
