//! What the node counts, as Prometheus reads it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One label, whose values are the names of kinds of things.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Kind {
    kind: &'static str,
}

/// One label: how an operation ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Ending {
    status: String,
}

/// Every metric of a node. Each may be used from any task.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    links: Family<Kind, Gauge>,
    inputs: Family<Kind, Counter>,
    outputs: Family<Kind, Counter>,
    puts: Family<Ending, Counter>,
    gets: Family<Ending, Counter>,
    tasks: Family<Ending, Counter>,
    task_gas: Counter,
    /// Whether the node is part of the network: 1 or 0.
    pub joined: Gauge,
    /// Blocks stored.
    pub blocks: Gauge,
    /// Their bytes.
    pub block_bytes: Gauge,
    /// Bytes of packets that came in.
    pub received: Counter,
    /// Bytes of packets that went out.
    pub sent: Counter,
    /// Links that could not be made.
    pub dials_failed: Counter,
    /// Places looked up where ids lie closer together than chance puts them.
    pub crowded: Counter,
    /// Messages of topics that came or were sent.
    pub published: Counter,
    /// Messages and questions of other nodes that came.
    pub asked: Counter,
    /// WebSockets refused because too many were opening or the node had no room.
    pub refused: Counter,
    resident: Gauge,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tabmesh"),
            links: Family::default(),
            inputs: Family::default(),
            outputs: Family::default(),
            puts: Family::default(),
            gets: Family::default(),
            tasks: Family::default(),
            task_gas: Counter::default(),
            joined: Gauge::default(),
            blocks: Gauge::default(),
            block_bytes: Gauge::default(),
            received: Counter::default(),
            sent: Counter::default(),
            dials_failed: Counter::default(),
            crowded: Counter::default(),
            published: Counter::default(),
            asked: Counter::default(),
            refused: Counter::default(),
            resident: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register("links", "Links to proved peers by transport", self.links.clone());
        registry.register("joined", "1 if the node is part of the network", self.joined.clone());
        registry.register("blocks", "Blocks stored", self.blocks.clone());
        registry.register_with_unit(
            "blocks",
            "Bytes of stored blocks",
            Unit::Bytes,
            self.block_bytes.clone(),
        );
        registry.register("inputs", "What the engine was told, by kind", self.inputs.clone());
        registry.register("outputs", "What the engine asked for, by kind", self.outputs.clone());
        registry.register("puts", "Blocks put, by status code", self.puts.clone());
        registry.register("gets", "Blocks fetched, by status code", self.gets.clone());
        registry.register("tasks", "Tasks of others that were run, by how they ended", self.tasks.clone());
        registry.register("task_gas", "Gas of those that came to a result", self.task_gas.clone());
        registry.register_with_unit("received", "Packets received", Unit::Bytes, self.received.clone());
        registry.register_with_unit("sent", "Packets sent", Unit::Bytes, self.sent.clone());
        registry.register("dials_failed", "Links that could not be made", self.dials_failed.clone());
        let crowded = "Places looked up where ids lie closer together than chance puts them";
        registry.register("crowded_places", crowded, self.crowded.clone());
        registry.register("published", "Messages of topics that came or were sent", self.published.clone());
        registry.register("asked", "Messages and questions of other nodes that came", self.asked.clone());
        registry.register("refused", "WebSockets refused for want of room", self.refused.clone());
        registry.register_with_unit("resident", "Memory in use", Unit::Bytes, self.resident.clone());
        for kind in ["webrtc", "websocket", "relayed"] {
            self.links(kind).set(0);
        }
    }

    /// Links over one transport.
    pub fn links(&self, kind: &'static str) -> Gauge {
        self.links.get_or_create_owned(&Kind { kind })
    }

    /// Counts one input of the engine.
    pub fn input(&self, kind: &'static str) {
        self.inputs.get_or_create(&Kind { kind }).inc();
    }

    /// Counts one output of the engine.
    pub fn output(&self, kind: &'static str) {
        self.outputs.get_or_create(&Kind { kind }).inc();
    }

    /// Counts one block put.
    pub fn put(&self, status: u16) {
        self.puts.get_or_create(&Ending { status: status.to_string() }).inc();
    }

    /// Counts one block fetched.
    pub fn get(&self, status: u16) {
        self.gets.get_or_create(&Ending { status: status.to_string() }).inc();
    }

    /// Counts one task of another node that was run: how it ended, and its gas.
    pub fn task(&self, status: &'static str, gas: u64) {
        self.tasks.get_or_create(&Ending { status: status.to_owned() }).inc();
        self.task_gas.inc_by(gas);
    }

    /// Everything as OpenMetrics text.
    pub fn encode(&self) -> String {
        self.resident.set(resident_bytes().unwrap_or(0));
        let mut text = String::with_capacity(4096);
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The process's memory in physical pages, as Linux tells it.
pub fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    //! Metrics are text that Prometheus reads.

    use super::*;

    #[test]
    fn every_metric_is_named_and_counted() {
        let metrics = Metrics::new();
        metrics.input("packet");
        metrics.input("packet");
        metrics.put(100);
        metrics.links("websocket").set(3);
        metrics.task("OUT_OF_GAS", 7);
        metrics.block_bytes.set(16_384);
        let text = metrics.encode();
        for line in [
            "tabmesh_inputs_total{kind=\"packet\"} 2",
            "tabmesh_puts_total{status=\"100\"} 1",
            "tabmesh_tasks_total{status=\"OUT_OF_GAS\"} 1",
            "tabmesh_task_gas_total 7",
            "tabmesh_links{kind=\"websocket\"} 3",
            "tabmesh_links{kind=\"webrtc\"} 0",
            "tabmesh_blocks_bytes 16384",
            "tabmesh_joined 0",
            "tabmesh_received_bytes_total 0",
            "tabmesh_published_total 0",
            "tabmesh_asked_total 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line:?} in\n{text}");
        }
        let resident = text.lines().find_map(|line| line.strip_prefix("tabmesh_resident_bytes "));
        assert!(resident.expect("told").parse::<u64>().expect("a number") > 1 << 20);
    }
}
