//! What the server counts, and how Prometheus reads it.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tabmesh_engine::wire::signal::Refusal;

use crate::refusal::{self, Denial, REFUSALS};

/// A message that the server understood or sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Challenge,
    Prove,
    Welcome,
    Introduce,
    Relay,
    Deliver,
    Refused,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Challenge,
        Self::Prove,
        Self::Welcome,
        Self::Introduce,
        Self::Relay,
        Self::Deliver,
        Self::Refused,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Prove => "prove",
            Self::Welcome => "welcome",
            Self::Introduce => "introduce",
            Self::Relay => "relay",
            Self::Deliver => "deliver",
            Self::Refused => "refused",
        }
    }
}

/// Counters that only grow.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    connections: AtomicU64,
    proved: AtomicU64,
    messages: [AtomicU64; Kind::ALL.len()],
    refusals: [AtomicU64; 16],
    denials: [AtomicU64; Denial::ALL.len()],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// What is true at this moment, which the counters do not know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauges {
    pub(crate) connections: usize,
    pub(crate) connections_max: usize,
    pub(crate) peers: usize,
    pub(crate) networks: usize,
    pub(crate) draining: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            connections: AtomicU64::default(),
            proved: AtomicU64::default(),
            messages: Default::default(),
            refusals: Default::default(),
            denials: Default::default(),
            bytes_in: AtomicU64::default(),
            bytes_out: AtomicU64::default(),
        }
    }
}

impl Metrics {
    /// One more WebSocket was opened.
    pub(crate) fn connected(&self) {
        add(&self.connections, 1);
    }

    /// One more peer proved its key.
    pub(crate) fn proved(&self) {
        add(&self.proved, 1);
    }

    /// One message of `kind` was read or sent.
    pub(crate) fn message(&self, kind: Kind) {
        add(&self.messages[kind as usize], 1);
    }

    /// A peer was, or could only in vain have been, told this.
    pub(crate) fn refused(&self, refusal: Refusal) {
        if let Some(counter) = self.refusals.get(refusal as usize) {
            add(counter, 1);
        }
    }

    /// A request was turned away.
    pub(crate) fn denied(&self, denial: Denial) {
        add(&self.denials[denial as usize], 1);
    }

    /// Bytes of messages that came in.
    pub(crate) fn bytes_in(&self, count: usize) {
        add(&self.bytes_in, count as u64);
    }

    /// Bytes of messages that went out.
    pub(crate) fn bytes_out(&self, count: usize) {
        add(&self.bytes_out, count as u64);
    }

    /// All of it in Prometheus' text format 0.0.4.
    pub(crate) fn render(&self, gauges: &Gauges) -> String {
        let mut page = Page(String::with_capacity(4096));
        let uptime_s = self.started.elapsed().as_secs();
        page.gauge("uptime_seconds", "Seconds since the server started.", uptime_s);
        page.gauge("connections", "Open WebSockets, proved or not.", gauges.connections as u64);
        page.gauge("connections_max", "The limit of open WebSockets.", gauges.connections_max as u64);
        page.gauge("peers", "Peers that proved their key and are here now.", gauges.peers as u64);
        page.gauge("networks", "Networks with at least one peer here.", gauges.networks as u64);
        page.gauge("draining", "1 while the server stops, else 0.", u64::from(gauges.draining));
        page.head("connections_total", "WebSockets ever opened.", "counter");
        page.sample("connections_total", "", read(&self.connections));
        page.head("proved_total", "Proofs ever accepted.", "counter");
        page.sample("proved_total", "", read(&self.proved));
        page.head("messages_total", "Messages by kind.", "counter");
        for (kind, counter) in Kind::ALL.iter().zip(&self.messages) {
            page.labelled("messages_total", "kind", kind.name(), read(counter));
        }
        page.head("bytes_total", "Bytes of messages, without WebSocket framing.", "counter");
        page.labelled("bytes_total", "direction", "in", read(&self.bytes_in));
        page.labelled("bytes_total", "direction", "out", read(&self.bytes_out));
        page.head("refusals_total", "Refusals to connected peers, by reason.", "counter");
        for refusal in REFUSALS {
            let count = self.refusals.get(refusal as usize).map_or(0, read);
            page.labelled("refusals_total", "reason", refusal::name(refusal), count);
        }
        page.head("denials_total", "Requests that did not become a connection, by reason.", "counter");
        for (denial, counter) in Denial::ALL.iter().zip(&self.denials) {
            page.labelled("denials_total", "reason", denial.name(), read(counter));
        }
        page.0
    }
}

/// The text under way; every name gets the server's prefix. Writing to a `String` cannot fail.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(
            self.0,
            "# HELP tabmesh_signalling_{name} {help}\n# TYPE tabmesh_signalling_{name} {kind}"
        );
    }

    fn sample(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "tabmesh_signalling_{name}{labels} {value}");
    }

    fn labelled(&mut self, name: &str, label: &str, value: &str, count: u64) {
        self.sample(name, &format!("{{{label}=\"{value}\"}}"), count);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "gauge");
        self.sample(name, "", value);
    }
}

/// The counters say nothing about each other, so no order between them is needed.
fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_what_is_shown() {
        let metrics = Metrics::default();
        metrics.connected();
        metrics.message(Kind::Relay);
        metrics.message(Kind::Relay);
        metrics.refused(Refusal::Replaced);
        metrics.denied(Denial::Origin);
        metrics.bytes_out(99);
        let gauges = Gauges { connections: 3, connections_max: 9, peers: 2, networks: 1, draining: true };
        let page = metrics.render(&gauges);
        for line in [
            "tabmesh_signalling_connections 3",
            "tabmesh_signalling_connections_max 9",
            "tabmesh_signalling_peers 2",
            "tabmesh_signalling_networks 1",
            "tabmesh_signalling_draining 1",
            "tabmesh_signalling_connections_total 1",
            "tabmesh_signalling_messages_total{kind=\"relay\"} 2",
            "tabmesh_signalling_messages_total{kind=\"deliver\"} 0",
            "tabmesh_signalling_refusals_total{reason=\"replaced\"} 1",
            "tabmesh_signalling_refusals_total{reason=\"malformed\"} 0",
            "tabmesh_signalling_denials_total{reason=\"origin\"} 1",
            "tabmesh_signalling_bytes_total{direction=\"out\"} 99",
        ] {
            assert!(page.lines().any(|found| found == line), "no line {line:?} in\n{page}");
        }
    }

    #[test]
    fn every_sample_stands_behind_the_head_of_its_name() {
        let gauges = Gauges { connections: 0, connections_max: 0, peers: 0, networks: 0, draining: false };
        let page = Metrics::default().render(&gauges);
        let mut current = "";
        for line in page.lines() {
            if let Some(head) = line.strip_prefix("# TYPE ") {
                current = head.split(' ').next().unwrap();
            } else if !line.starts_with('#') {
                assert_eq!(line.split(['{', ' ']).next().unwrap(), current);
            }
        }
    }
}
