//! What a test has the modules of a host do, by hand.

use tabmesh_engine::{Event, NodeId, OpId};

use super::ids::HostId;
use super::run::World;
use super::stimulus::{Order, Question};

/// How long a message's receipt is waited for.
const SEND_WITHIN_MS: u32 = 30_000;

impl World {
    /// Has the host's engine send a message.
    pub(crate) fn send(&mut self, host: HostId, to: NodeId, bytes: &[u8]) -> OpId {
        self.ask(host, 0, to, SEND_WITHIN_MS, bytes)
    }

    /// Has a module of the host ask one of another; the port of the application is answered at once.
    pub(crate) fn ask(&mut self, host: HostId, port: u32, to: NodeId, within_ms: u32, bytes: &[u8]) -> OpId {
        let op = self.next_op(host);
        self.hosts[host.0].outgoing.insert(op.0, bytes.to_vec());
        let question = Question { port, within_ms, length: bytes.len() as u32 };
        self.command(host, Order::Ask(op, to, question));
        op
    }

    /// Has the host keep links to these.
    pub(crate) fn hold(&mut self, host: HostId, ids: &[NodeId]) {
        self.command(host, Order::Hold(ids.to_vec()));
    }

    /// The messages that a host's application got: from whom, and what.
    pub(crate) fn messages(&self, host: HostId) -> Vec<(NodeId, Vec<u8>)> {
        let message = |event: &Event| match event {
            Event::Asked { port: 0, from, bytes, .. } => Some((*from, bytes.clone())),
            _ => None,
        };
        self.hosts[host.0].events.iter().filter_map(|(_, event)| message(event)).collect()
    }
}
