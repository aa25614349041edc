//! Places for streams that others open, and who gives way where there are too few: see [`INCOMING_MAX`].

use core::cmp::Reverse;

use tabmesh_port::{NodeId, Status};

use crate::limits::{INCOMING_A_PEER, INCOMING_MAX, STREAMS_MAX};
use crate::stream::Stream;
use crate::streams::Streams;

impl Streams {
    /// Streams that others opened.
    pub(crate) fn incoming(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|stream| !stream.key.is_own)
    }

    /// Whether there is a place for one more stream by this peer; another stream may have ended for it.
    pub(crate) fn make_place(&mut self, from: &NodeId) -> bool {
        if self.opened_by(from) >= INCOMING_A_PEER {
            return false;
        }
        if self.incoming().count() < INCOMING_MAX && self.streams.len() < STREAMS_MAX {
            return true;
        }
        let Some(number) = self.gives_way(from) else { return false };
        self.reset(number, Status::TooManyRequests);
        true
    }

    fn opened_by(&self, peer: &NodeId) -> usize {
        self.incoming().filter(|stream| stream.peer == *peer).count()
    }

    /// The stream that ends for one more by this peer.
    fn gives_way(&self, from: &NodeId) -> Option<u32> {
        let own = self.opened_by(from);
        let rank = |stream: &&Stream| {
            let (count, is_unused) = (self.opened_by(&stream.peer), stream.is_unused(self.now));
            let has_most = if is_unused { 0 } else { count };
            let may = count > own + usize::from(!is_unused);
            may.then_some((is_unused, has_most, Reverse(stream.used_at)))
        };
        // The first of several: they stand as they came.
        let all = self.incoming().filter_map(|stream| Some((rank(&stream)?, stream.number)));
        all.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, number)| number)
    }
}
