//! The addresses that the operator named, of signalling servers and of peers: what is wrong with one is told within seconds,
//! once, in the log and in the status, and so is that it does again.

use tabmesh_engine::{LinkId, Reason};
use url::Url;

use super::state::Driver;
use crate::link::DialError;
use crate::link::trouble::{Door, why_not};

/// The same of a connection that does not come about and of a peer that says nothing on one, so that it is told once.
const UNANSWERED: &str = "it does not answer; check host and port, and that a peer of tabmesh runs there";
const NO_PEER: &str = "it is no peer of tabmesh, or none that speaks with this one; check that this is the address of a peer, and not of \
                       a signalling server";

const NO_SERVER: &str =
    "it does not speak as a signalling server of tabmesh; check that this is not the address of a peer";

impl Driver {
    /// Without a server a new node finds nobody.
    pub(super) fn on_server_failed(&mut self, number: usize, reason: &str) {
        let url = &self.servers[number];
        if self.troubles.note(url, reason) {
            tracing::warn!(%url, reason, "the signalling server cannot be used");
        }
        self.signalling_trouble = Some(format!("{url}: {reason}"));
    }

    /// A server said something for the first time: the engine stays with it, or it is none.
    pub(super) fn on_first_word(&mut self, generation: u64) {
        if self.signalling.as_ref().is_some_and(|(current, _)| *current == generation) {
            self.on_server_up();
        } else if !self.is_refused {
            self.on_server_failed(self.server, NO_SERVER);
            self.forget_signalling();
        }
    }

    fn on_server_up(&mut self) {
        let url = &self.servers[self.server];
        tracing::info!(server = %url, "the signalling server is connected");
        self.troubles.clear(url);
        self.is_signalling = true;
        self.signalling_trouble = None;
    }

    /// A dial takes long, and goes on.
    pub(super) fn on_dial_late(&mut self, link: LinkId) {
        if let Some(url) = self.dialled(link) {
            self.on_peer_failed(&url, UNANSWERED);
        }
    }

    pub(super) fn on_dial_failed(&mut self, link: LinkId, error: &DialError) {
        let Some(url) = self.dialled(link) else { return };
        match error {
            DialError::Timeout => self.on_peer_failed(&url, UNANSWERED),
            DialError::Socket(_) => self.on_peer_failed(&url, &why_not(&url, Door::Peer, error)),
        }
    }

    /// A link is gone; nobody proved itself, if it was dialled and is still so.
    pub(super) fn on_unproved(&mut self, link: LinkId) {
        if let Some(url) = self.dialled(link) {
            self.on_peer_failed(&url, NO_PEER);
        }
    }

    /// The engine says why a dial failed: of the address that it closed just now, or of none.
    pub(super) fn tell_ended_dials(&mut self, reason: Reason) {
        for url in std::mem::take(&mut self.ended_dials) {
            if let Some(reason) = why_ended(reason) {
                self.on_peer_failed(&url, reason);
            }
        }
    }

    fn on_peer_failed(&mut self, url: &Url, reason: &str) {
        if self.addresses.is_configured(url) && self.peer_troubles.note(url, reason) {
            tracing::warn!(%url, reason, "the peer at this address cannot be linked; trying goes on");
        }
    }

    fn dialled(&self, link: LinkId) -> Option<Url> {
        self.links.get(&link).and_then(|entry| entry.dialled.clone())
    }
}

/// What an operator can do about a dial that ended so; `None` where nothing is wrong with the address.
fn why_ended(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Leaving => "it is being stopped; start it again, or name another --peer",
        Reason::NoRoom => "it has no room for another link; name another --peer",
        Reason::BadProof => {
            "it could not prove a key of its own; check that it is not this node itself, and that nothing between the two changes what is sent"
        }
        Reason::LowLevel => {
            "the id of one end is below the security level of the other; give both the same --level"
        }
        Reason::OtherNetwork => "it belongs to another network; give both the same --network",
        Reason::OtherVersion => {
            "it speaks another version of the protocol; use the same version of tabmesh on both ends"
        }
        Reason::Lost | Reason::Malformed | Reason::Flood | Reason::Unreachable | Reason::Stuck => NO_PEER,
        Reason::Timeout | Reason::Silent => UNANSWERED,
        Reason::Shed | Reason::Replaced => return None,
    })
}
