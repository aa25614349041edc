//! The node: where the rooms meet. Nothing else knows more than one of them.

mod commands;
mod flat;
mod frames;
mod jobs;
mod links;
mod ports;
mod requests;
mod route;
mod store;
#[cfg(test)]
mod tests;
mod upkeep;
mod view;

pub use self::view::LinkView;
use crate::blocks::Blocks;
use crate::ground::Ground;
use crate::id::NodeId;
use crate::io::{Config, Flat, Input, Output};
use crate::linking::{self, Linking};
use crate::lists::Lists;
use crate::ports::Ports;
use crate::requests::Requests;
use crate::time::Instant;
use crate::topics::Topics;
use crate::upkeep::Upkeep;

/// One node of the overlay. See the crate's documentation for the rule by which a shell drives it.
// In this order: what is asked for most lies where its offset takes one byte of Wasm.
#[repr(C)]
pub struct Node {
    ground: Ground,
    requests: Requests,
    blocks: Blocks,
    linking: Linking,
    topics: Topics,
    lists: Lists,
    ports: Ports,
    upkeep: Upkeep,
    left: bool,
}

impl Node {
    /// A node that knows nobody yet; it begins to join with the first input.
    pub fn new(config: Config) -> Self {
        let addresses = config.addresses;
        let mut node = Self {
            ground: Ground::new(config),
            requests: Requests::default(),
            blocks: Blocks::default(),
            linking: Linking::default(),
            topics: Topics::default(),
            lists: Lists::default(),
            ports: Ports::default(),
            upkeep: Upkeep::default(),
            left: false,
        };
        node.upkeep.set_addresses(&mut node.ground, addresses);
        node
    }

    /// The node's id: SHA-256 of its key.
    pub fn id(&self) -> NodeId {
        self.ground.id
    }

    /// Whether the node is part of the network now.
    pub fn is_joined(&self) -> bool {
        self.ground.joined
    }

    /// Takes in one thing that happened at `now`. A clock that steps back stands still.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        if self.enter(now) {
            self.take(input);
            self.settle();
        }
    }

    /// What comes before every input; false if nothing comes after it.
    fn enter(&mut self, now: Instant) -> bool {
        self.ground.now = now.max(self.ground.now);
        !self.left
    }

    /// What an input does. Where the kind of input is known, all but its own line goes.
    #[inline(always)]
    fn take(&mut self, input: Input<'_>) {
        match input {
            Input::Timeout => {}
            Input::WallTime(seconds) => {
                self.ground.set_wall(seconds);
            }

            // Nobody calls a browser.
            Input::Incoming if !cfg!(feature = "native") => {}
            Input::Incoming => linking::on_incoming(&mut self.ground),
            Input::Described { link, description } => {
                linking::on_described(&mut self.ground, link, description);
            }
            Input::LinkUp(link) => linking::on_link_up(&mut self.ground, link),
            Input::LinkDown(link) => self.on_link_down(link),
            Input::LinkBytes { link, bytes } => self.on_packet(link, bytes),
            Input::LinkDrained { link, queued } => {
                let now = self.ground.now;
                if let Some(link) = self.ground.links.get_mut(link) {
                    link.flow.drained(now, queued);
                }
            }
            Input::Sealed { link, bytes } => {
                linking::on_sealed(&mut self.ground, link, bytes);
            }
            Input::SignalUp(server) => self.linking.on_signal_up(server),
            Input::SignalDown => self.linking.on_signal_down(&mut self.ground),
            Input::SignalBytes(bytes) => {
                self.linking.on_signal_bytes(&mut self.ground, bytes);
            }
            Input::JobDone { job, result } => {
                let (kind, bytes) = result.flat();
                self.on_job_done(job, kind, bytes);
            }
            Input::Command(command) => self.on_command(command),
        }
    }

    /// What follows every input.
    fn settle(&mut self) {
        self.end_links();
        if self.ground.now >= self.ground.wake && !self.left {
            self.on_time();
        }
        self.pump();
        self.end_links();
    }

    /// The next thing to do; [`Output::Timeout`] when there is nothing more.
    pub fn poll_output(&mut self) -> Output {
        let Some(flat) = self.ground.poll_flat().map(core::mem::take) else {
            return Output::Timeout(self.wanted_at());
        };
        let kind = flat.kind;
        flat.typed().unwrap_or(Output::Unreadable(kind))
    }

    /// The next thing to do in its flat form; `None` when there is nothing more until [`Node::wanted_at`].
    pub fn poll_flat(&mut self) -> Option<&mut Flat> {
        self.ground.poll_flat()
    }

    /// When the node wants its next input at the latest.
    pub fn wanted_at(&self) -> Instant {
        if self.left { Instant::NEVER } else { self.ground.wake }
    }

    /// Does what is due, and finds out when to come back.
    fn on_time(&mut self) {
        self.ground.wake = Instant::NEVER;
        self.on_link_deadlines();
        self.on_request_deadlines();
        self.blocks.on_time(&mut self.ground);
        self.linking.on_signal_deadline(&mut self.ground);
        self.on_topic_deadline();
        self.upkeep.gossip_if_due(&mut self.ground);
        self.blocks.repair_on_time(&mut self.ground);
        if self.ground.now >= self.ground.maintain_at {
            self.maintain();
        }
        self.upkeep.arm(&mut self.ground);
        self.ground.arm(self.ground.maintain_at);
    }

    /// Ends the links that something said shall end.
    #[inline(never)]
    fn end_links(&mut self) {
        let mut place = 0;
        // More may be said to end while these do.
        while let Some(&(link, reason)) = self.ground.ending.get(place) {
            place += 1;
            self.drop_link(link, reason, true);
        }
        self.ground.ending.clear();
    }

    /// Sends what had to wait for room, storage or a job.
    fn pump(&mut self) {
        self.blocks.pump(&mut self.ground);
        self.requests.pump(&mut self.ground);
        self.pump_repair();
    }
}
