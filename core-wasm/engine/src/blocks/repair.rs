//! Keeping blocks on the nodes that should hold them.
//!
//! Every node walks its keys now and then and sums, for each neighbour, the keys that both should hold, in 16
//! buckets by the key's last bits. Neighbours compare sums; where they differ the one asks for the other's keys
//! there, sees which it lacks, and fetches them. All of it is paced, and what does not fit waits for the next round. Whoever was
//! told sums gets one list after each walk; walks and lists take turns.

use alloc::vec::Vec;

use super::Blocks;
use crate::ground::Ground;
use crate::id::NodeId;
use crate::io::LinkId;
use crate::limits::{
    ASKED_MAX, BLOCK_MAX, HASHES_MAX, LISTINGS_MAX, NEIGHBOURS, REPLICAS, SUMS_MAX, WANTED_A_LINK, WANTED_MAX,
};
use crate::list::List as _;
use crate::time::{Duration, Instant};
use crate::wire::Writer;
use crate::wire::frame::{DIGEST_BUCKETS, Frame};

/// How often all keys are walked when nothing changed.
const PASS_MS: u64 = 120_000;

/// What a neighbour and this node should both hold.
struct Shared {
    id: NodeId,
    sums: [u64; DIGEST_BUCKETS],
    list: List,
}

/// How far a neighbour was told this node's keys since the last walk.
#[derive(PartialEq, Eq)]
enum List {
    /// Not at all: from any key on, once.
    New,
    /// The next part begins behind the key with this head.
    After([u8; 8]),
    /// A part is being made, or all was told.
    Closed,
}

/// A neighbour whose keys this node wants to know.
struct Asked {
    link: LinkId,
    mask: u16,
    /// The list goes on behind this key once what is missing of it so far was fetched; nothing while an answer is awaited.
    more: Option<NodeId>,
}

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
    pass: Option<(Option<NodeId>, Vec<Shared>)>,
    /// Of the last whole walk.
    shared: Vec<Shared>,
    listings: Vec<Listing>,
    is_scanning: bool,
    /// The last scan was for a list.
    was_listing: bool,
    asked: Vec<Asked>,
    /// Blocks to fetch, and from whom.
    wanted: Vec<(NodeId, LinkId)>,
}

/// Enough of a key to know it again.
fn head(key: &NodeId) -> [u8; 8] {
    *key.0.first_chunk().unwrap_or(&[0; 8])
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
                // Who has not answered by now will not.
                self.repair
                    .asked
                    .keep(|asked| asked.more.is_some() && ground.links.ready(asked.link).is_some());
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
    pub(crate) fn next_missing(&mut self, ground: &mut Ground) -> Option<(NodeId, LinkId)> {
        let (hash, link) = self.repair.wanted.pop()?;
        ground.may_keep(Some(link), BLOCK_MAX).then_some((hash, link))
    }

    /// What this node shares with a neighbour that was told so.
    #[inline(never)]
    fn shared(&mut self, peer: &NodeId) -> Option<&mut Shared> {
        self.repair.shared.iter_mut().find(|shared| shared.id == *peer)
    }

    /// Once a neighbour's first keys are seen to, asks for those behind them.
    pub(crate) fn ask_for_more(&mut self, ground: &mut Ground) {
        if !self.repair.wanted.is_empty() {
            return;
        }
        if let Some(asked) = self.repair.asked.iter_mut().find(|asked| asked.more.is_some())
            && let Some(after) = asked.more.take()
        {
            ground.send(asked.link, &Frame::Differ { mask: asked.mask, after: &after });
        }
    }

    /// Goes on with the walk and with lists for neighbours: in turn, one scan at a time.
    pub(crate) fn scan_next(&mut self, ground: &mut Ground) {
        if self.repair.is_scanning {
            return;
        }
        let (after, for_listing) = match (self.repair.listings.first(), &self.repair.pass) {
            (Some(listing), None) => (Some(listing.after), true),
            (Some(listing), _) if !self.repair.was_listing => (Some(listing.after), true),
            (_, Some((after, _))) => (*after, false),
            (None, None) => return,
        };
        self.repair.was_listing = for_listing;
        self.repair.is_scanning = ground.scan(for_listing, after.as_ref());
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
        let Some((_, mut shared)) = self.repair.pass.take() else { return };
        for key in keys {
            let holders = ground.nearest_linked(key, REPLICAS);
            if !holders.contains(&ground.id) {
                continue;
            }
            for holder in holders.ids().iter().filter(|holder| **holder != ground.id) {
                let place = match shared.iter().position(|shared| shared.id == *holder) {
                    Some(place) => place,
                    None if shared.len() >= SUMS_MAX => continue,
                    None => {
                        shared.push(Shared { id: *holder, sums: [0; DIGEST_BUCKETS], list: List::New });
                        shared.len() - 1
                    }
                };
                let sums = shared.get_mut(place).map(|shared| &mut shared.sums);
                if let Some(sum) = sums.and_then(|sums| sums.get_mut(bucket(key))) {
                    let word = key.0[16..24].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                    *sum = sum.wrapping_add(word);
                }
            }
        }
        if let Some(last) = keys.last().filter(|_| keys.len() >= HASHES_MAX) {
            self.repair.pass = Some((Some(*last), shared));
            return;
        }
        for Shared { id, sums, .. } in &shared {
            if let Some(link) = ground.links.to(id).map(|link| link.id) {
                ground.send(link, &Frame::Digest(&sum_bytes(sums)));
            }
        }
        self.repair.shared = shared;
    }

    /// A neighbour's sums over the keys that both should hold.
    pub(crate) fn on_digest(&mut self, ground: &mut Ground, link: LinkId, peer: &NodeId, bytes: &[u8]) {
        let known = self.shared(peer).map(|shared| shared.sums);
        let is_near = || ground.nearest(&ground.id, NEIGHBOURS * 2, false, |_| false).contains(peer);
        if self.repair.asked.len() >= ASKED_MAX
            || self.repair.asked.iter().any(|asked| asked.link == link)
            || known.is_none() && !is_near()
        {
            return;
        }
        let own = sum_bytes(&known.unwrap_or_default());
        let mut mask = 0;
        for (place, (theirs, ours)) in bytes.as_chunks::<8>().0.iter().zip(own.as_chunks().0).enumerate() {
            mask |= u16::from(theirs != ours) << place;
        }
        if mask != 0 {
            self.repair.asked.push(Asked { link, mask, more: None });
            ground.send(link, &Frame::Differ { mask, after: &NodeId([0; 32]) });
        }
    }

    /// A neighbour wants to know our keys: one that was told sums, and each key once until the next walk.
    pub(crate) fn on_differ(&mut self, link: LinkId, peer: &NodeId, mask: u16, after: &NodeId) {
        let has_room = self.repair.listings.len() < LISTINGS_MAX;
        let Some(shared) = self.shared(peer).filter(|_| has_room) else { return };
        if shared.list == List::New || shared.list == List::After(head(after)) {
            shared.list = List::Closed;
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
            // One at a time: unfinished ones would hold keys.
            self.repair.listings.insert(0, listing);
            return;
        }
        if !is_end
            && let Some(shared) = self.shared(&peer)
            && let Some(last) = NodeId::list(&listing.keys).last()
        {
            shared.list = List::After(head(last));
        }
        if !listing.keys.is_empty() {
            let frame = Frame::Keys { mask: listing.mask, more: !is_end, keys: &listing.keys };
            ground.send(listing.link, &frame);
        }
    }

    /// A neighbour's keys, if it was asked.
    pub(crate) fn on_keys(&mut self, ground: &mut Ground, link: LinkId, more: bool, keys: &[u8]) {
        let is_awaited = |asked: &Asked| asked.link == link && asked.more.is_none();
        let Some(place) = self.repair.asked.iter().position(is_awaited) else { return };
        let Asked { mask, .. } = self.repair.asked.remove(place);
        let keys = NodeId::list(keys);
        let keys = keys.get(..HASHES_MAX).unwrap_or(keys);
        if let Some(last) = keys.last().filter(|_| more) {
            self.repair.asked.push(Asked { link, mask, more: Some(*last) });
        }
        let mut ours = keys.to_vec();
        ours.keep(|key| ground.should_hold(key) && ground.may_hold(key));
        if !ours.is_empty() {
            ground.find_absent(link, &ours);
        }
    }

    /// Which of a neighbour's keys are missing here.
    pub(super) fn on_absent(&mut self, link: LinkId, hashes: &[NodeId]) {
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
