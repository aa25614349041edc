//! Keeping blocks on the nodes that should hold them.
//!
//! Every node walks its keys now and then and sums, for each neighbour, the keys that both should hold, in 16
//! buckets by the key's last bits. Neighbours compare sums; where they differ the one asks for the other's keys
//! there, sees which it lacks, and fetches them. What is no longer a node's to hold it releases. All of it is paced, and
//! what does not fit waits for the next round. Whoever was told sums gets one list after each walk; walks and lists take
//! turns.

use core::mem::take;

use super::tables::{Asked, Blocks, FIRST, Listing, NONE, Shared};
use crate::ground::{Ground, What};
use crate::id::{BlockHash, NodeId};
use crate::io::LinkId;
use crate::limits::{
    ASKED_MAX, BLOCK_MAX, CANDIDATES, HASHES_MAX, LISTINGS_MAX, NEIGHBOURS, REPLICAS, SUMS_MAX,
    WANTED_A_LINK, WANTED_MAX,
};
use crate::link::Link;
use crate::list::List as _;
use crate::time::Duration;
use crate::wire::Writer;
use crate::wire::frame::{DIGEST_BUCKETS, Frame};

/// How often all keys are walked when nothing changed.
const PASS_MS: u64 = 120_000;

/// Of the blocks that are no longer this node's to hold one in so many is released with each walk.
const RELEASED_ONE_IN: u64 = 8;

/// A block is left to peers that have been linked for so long: keys that somebody has just made for it are none.
const TRIED_AFTER: Duration = Duration::from_ms(3_600_000);

fn bucket(key: &BlockHash) -> usize {
    usize::from(key.0[31]) % DIGEST_BUCKETS
}

/// Adds part of a key to the sum of its bucket.
fn add(sums: &mut [u8], key: &BlockHash) {
    let mut carried = 0;
    let first = bucket(key) * 8;
    for place in (0..8).rev() {
        let Some(sum) = sums.get_mut(first + place) else { return };
        carried += u32::from(*sum) + u32::from(key.0[16 + place]);
        *sum = carried as u8;
        carried >>= 8;
    }
}

/// What this node shares with a neighbour.
#[inline(never)]
fn shared_with<'a>(shared: &'a mut [Shared], peer: &NodeId) -> Option<&'a mut Shared> {
    shared.iter_mut().find(|shared| shared.id == peer.head())
}

impl Blocks {
    /// Begins a walk through the store, if it is time.
    pub(crate) fn repair_on_time(&mut self, ground: &mut Ground) {
        if ground.now >= self.repair.next_pass {
            self.repair.next_pass = ground.about(PASS_MS);
            if self.repair.pass.is_none() && ground.links.ready_count() > 0 {
                self.repair.pass = Some(BlockHash([0; 32]));
                // Who has not answered by now will not.
                self.repair.asked.keep(|asked| !asked.is_awaited && ground.links.ready(asked.link).is_some());
            }
        }
        ground.arm(self.repair.next_pass);
    }

    /// Neighbours have changed: walks within `span`.
    pub(crate) fn repair_within(&mut self, ground: &mut Ground, span: Duration) {
        self.repair.next_pass = self.repair.next_pass.min(ground.now + span);
        ground.arm(self.repair.next_pass);
    }

    /// A block that is missing here, and the link to a peer that has it. What is beyond the peer's share is left to the next
    /// walk.
    pub(crate) fn next_missing(&mut self, ground: &mut Ground) -> Option<(BlockHash, LinkId)> {
        let (hash, link) = self.repair.wanted.pop()?;
        ground.may_keep(Some(link), BLOCK_MAX).then_some((hash, link))
    }

    /// Asks a neighbour for its first keys or, once those are seen to, for the ones behind them.
    pub(crate) fn ask_for_more(&mut self, ground: &mut Ground) {
        if !self.repair.wanted.is_empty() {
            return;
        }
        if let Some(asked) = self.repair.asked.iter_mut().find(|asked| !asked.is_awaited) {
            asked.is_awaited = true;
            ground.send(asked.link, &Frame::Differ { mask: asked.mask, after: &asked.after });
        }
    }

    /// Goes on with the walk and with lists for neighbours: in turn, one scan at a time.
    pub(crate) fn scan_next(&mut self, ground: &mut Ground) {
        if self.repair.is_scanning {
            return;
        }
        let pass = self.repair.pass.as_ref();
        let is_turn = pass.is_none() || !self.repair.was_listing;
        let listing = self.repair.listings.first().filter(|_| is_turn);
        let Some(after) = listing.map(|listing| &listing.after).or(pass) else { return };
        self.repair.was_listing = listing.is_some();
        self.repair.is_scanning = ground.scan(after);
    }

    pub(super) fn on_scanned(&mut self, ground: &mut Ground, keys: &[BlockHash]) {
        self.repair.is_scanning = false;
        if self.repair.was_listing {
            self.on_listing_scanned(ground, keys);
        } else {
            self.on_pass_scanned(ground, keys);
        }
    }

    fn on_pass_scanned(&mut self, ground: &mut Ground, keys: &[BlockHash]) {
        for key in keys {
            let holders = ground.nearest_linked(key.place(), REPLICAS);
            if !holders.contains(&ground.id) {
                self.release(ground, key);
                continue;
            }
            for holder in holders.ids().iter().filter(|holder| **holder != ground.id) {
                let shared = &mut self.repair.sums;
                if shared_with(shared, holder).is_none() && shared.len() < SUMS_MAX {
                    shared.push(Shared { id: holder.head(), sums: [0; _], next: FIRST });
                }
                if let Some(shared) = shared_with(shared, holder) {
                    add(&mut shared.sums, key);
                }
            }
        }
        self.repair.pass = keys.last().filter(|_| keys.len() >= HASHES_MAX).copied();
        if self.repair.pass.is_some() {
            return;
        }
        self.repair.shared = take(&mut self.repair.sums);
        for Shared { id, sums, .. } in &self.repair.shared {
            let peer = ground.links.peers().find(|link| link.peer.head() == *id);
            if let Some(link) = peer.map(|link| link.id) {
                ground.send(link, &Frame::Digest(sums));
            }
        }
    }

    /// A block that eight tried peers should hold before this node does is only cached from now on where sixteen known nodes are
    /// nearer, or some 24 by the density of ids. Those may leave, or not have it yet: a part goes with each walk.
    fn release(&self, ground: &mut Ground, key: &BlockHash) {
        let takes_it = |link: &&Link| {
            ground.now.since(link.since()) > TRIED_AFTER && link.peer.is_nearer(&ground.id, key.place())
        };
        let takers = ground.links.peers().filter(takes_it).count();
        let is_turn = takers >= REPLICAS && ground.rng.below(RELEASED_ONE_IN) == 0;
        let may_be_asked =
            || ground.is_around(key, 1) && ground.nearest_alive(key.place(), CANDIDATES).contains(&ground.id);
        if is_turn && !may_be_asked() {
            ground.store(What::StoreHeld, 0, key, &[], false);
        }
    }

    /// A neighbour's sums over the keys that both should hold.
    pub(crate) fn on_digest(&mut self, ground: &mut Ground, link: LinkId, peer: &NodeId, bytes: &[u8]) {
        let is_near = || ground.nearest(&ground.id, NEIGHBOURS * 2, false, |_| false).contains(peer);
        if self.repair.asked.len() >= ASKED_MAX
            || self.repair.asked.iter().any(|asked| asked.link == link)
            || !is_near()
        {
            return;
        }
        let own = shared_with(&mut self.repair.shared, peer).map_or(&[][..], |shared| &shared.sums);
        let mut mask = 0;
        for (place, theirs) in bytes.iter().enumerate() {
            let ours = own.get(place).unwrap_or(&0);
            mask |= u16::from(theirs != ours) << (place / 8);
        }
        if mask != 0 {
            self.repair.asked.push(Asked { link, mask, after: BlockHash([0; 32]), is_awaited: false });
        }
    }

    /// A neighbour wants to know our keys: one that was told sums, and each key once until the next walk.
    pub(crate) fn on_differ(&mut self, link: LinkId, peer: &NodeId, mask: u16, after: &BlockHash) {
        let has_room = self.repair.listings.len() < LISTINGS_MAX;
        let Some(shared) = shared_with(&mut self.repair.shared, peer) else { return };
        if has_room && (shared.next == FIRST || shared.next == after.place().head()) {
            shared.next = NONE;
            self.repair.listings.push(Listing { link, mask, after: *after });
        }
    }

    fn on_listing_scanned(&mut self, ground: &mut Ground, keys: &[BlockHash]) {
        let Some(&(mut listing)) = self.repair.listings.first() else { return };
        self.repair.listings.drop_at(0);
        let Some(link) = ground.links.ready(listing.link) else { return };
        let peer = link.peer;
        let mut told = Writer::default();
        let more = keys.len() >= HASHES_MAX;
        for key in keys {
            listing.after = *key;
            if listing.mask >> bucket(key) & 1 != 0
                && ground.nearest_linked(key.place(), REPLICAS).contains(&peer)
            {
                told.bytes(&key.0);
            }
        }
        let told = told.finish();
        if let Some(last) = BlockHash::list(&told).last() {
            if let Some(shared) = shared_with(&mut self.repair.shared, &peer).filter(|_| more) {
                shared.next = last.place().head();
            }
            ground.send(listing.link, &Frame::Keys { mask: listing.mask, more, keys: &told });
        } else if more {
            self.repair.listings.push(listing);
        }
    }

    /// A neighbour's keys, if it was asked.
    pub(crate) fn on_keys(&mut self, ground: &mut Ground, link: LinkId, more: bool, keys: &[u8]) {
        let is_awaited = |asked: &Asked| asked.link == link && asked.is_awaited;
        let Some(place) = self.repair.asked.iter().position(is_awaited) else { return };
        let Some(&(mut asked)) = self.repair.asked.get(place) else { return };
        self.repair.asked.drop_at(place);
        let keys = BlockHash::list(keys);
        let keys = keys.get(..HASHES_MAX).unwrap_or(keys);
        if let Some(last) = keys.last().filter(|_| more) {
            asked.after = *last;
            asked.is_awaited = false;
            self.repair.asked.push(asked);
        }
        let mut ours = Writer::default();
        for key in keys {
            if ground.should_hold(key) && ground.may_hold(key) && ground.may_keep(Some(link), 1) {
                ours.bytes(&key.0);
            }
        }
        if !ours.is_empty() {
            ground.find_absent(link, &ours.finish());
        }
    }

    /// Which of a neighbour's keys are missing here.
    pub(super) fn on_absent(&mut self, link: LinkId, hashes: &[BlockHash]) {
        for hash in hashes {
            let wanted = &mut self.repair.wanted;
            let is_wanted = wanted.iter().any(|(wanted, _)| wanted == hash);
            let of_link = wanted.iter().filter(|(_, from)| *from == link).count();
            if wanted.len() < WANTED_MAX && of_link < WANTED_A_LINK && !is_wanted {
                wanted.push((*hash, link));
            }
        }
    }
}
