//! Modules beside the core, each a `.wasm` of its own with a gate of its own.

use anyhow::Result;

use super::gate::Gate;
use super::measured::Measured;
use super::report::Report;
use super::twin::Twin;
use crate::parts;
use crate::step::step;

/// One of them. Its limit is a ratchet, which goes down with the module.
pub(crate) struct Separate {
    /// Its name among the committed figures.
    pub(crate) key: &'static str,
    /// Its title and first sentence on the page.
    title: &'static str,
    about: &'static str,
    pub(crate) gate: Gate,
    package: &'static str,
    inputs: &'static [&'static str],
    shipped: &'static str,
}

/// All of them.
pub(crate) const ALL: [Separate; 3] = [
    Separate {
        key: "meter",
        title: "The meter of tasks",
        about: "A module of its own, which a Worker loads to execute tasks ([METERING.md](METERING.md)).",
        gate: Gate { what: "the meter of tasks", limit: 10_240 },
        package: "tabmesh-meter-wasm",
        inputs: &parts::METER_INPUTS,
        shipped: parts::SHIPPED_METER,
    },
    Separate {
        key: "tasks",
        title: "The coordination of jobs",
        about: "A module of its own, which pages load that give or take tasks ([JOBS.md](JOBS.md)).",
        gate: Gate { what: "the coordination of jobs", limit: 70_656 },
        package: "tabmesh-tasks-wasm",
        inputs: &parts::WASM_INPUTS,
        shipped: parts::SHIPPED_TASKS,
    },
    Separate {
        key: "ledger",
        title: "A node of the ledger",
        about: "A module of its own, which pages load that follow a ledger or vote in one ([LEDGER.md](LEDGER.md)). It is to have 28672, and is more than twice as large.",
        gate: Gate { what: "a node of the ledger", limit: 76_800 },
        package: "tabmesh-ledger-wasm",
        inputs: &parts::WASM_INPUTS,
        shipped: parts::SHIPPED_LEDGER,
    },
];

impl Separate {
    /// Measures the module of the npm package, which is built by now, beside its twin.
    ///
    /// # Errors
    /// When the latter cannot be built, or the two are not the same code.
    pub(crate) fn measured(&self) -> Result<Measured> {
        let twin = step(&format!("{} once more, with names and lines kept", self.gate.what), || {
            Twin::build(self.package, self.inputs, |built, _| Ok(built.to_owned()))
        })?;
        Measured::new(self.shipped, &twin)
    }

    /// Its part of the page.
    pub(crate) fn page(&self, report: &Report) -> String {
        report.separate_page(self.title, self.about, &self.gate)
    }
}
