//! Scenarios: what happens, written down in TOML. Unknown fields and impossible values are refused before anything runs.

mod check;
mod goals;
mod lies;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::model::session::Law;
use goals::Goals;
pub(crate) use lies::{Liars, Lie};

/// Of a small world: enough nodes for every machine of the engine to work.
const SMALL_NODES: u32 = 150;

/// Every scenario but the longest is over by then.
const SMALL_S: f64 = 1_200.0;

/// Messages of one publisher; engines that are stormed by more take minutes.
const SMALL_BURST: u32 = 40;

/// One scenario. Times are in seconds of virtual time, shares between 0 and 1.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub about: String,
    /// How many nodes.
    pub nodes: u32,
    /// How long it lasts.
    pub seconds: f64,
    /// How nodes sign.
    #[serde(default)]
    pub(crate) signing: Signing,
    #[serde(default)]
    pub(crate) arrivals: Arrivals,
    #[serde(default)]
    pub(crate) machines: Machines,
    #[serde(default)]
    pub(crate) network: Network,
    pub(crate) sessions: Option<Sessions>,
    pub(crate) lookups: Option<Lookups>,
    pub(crate) blocks: Option<Blocks>,
    pub(crate) topic: Option<Topic>,
    /// What is published in the topic at once.
    #[serde(default)]
    pub(crate) bursts: Vec<Burst>,
    pub(crate) stores: Option<Stores>,
    pub(crate) liars: Option<Liars>,
    /// What happens at one moment each.
    #[serde(default)]
    pub(crate) actions: Vec<Action>,
    /// From when on traffic is counted; where not given when lookups begin, or publishing, or when everybody has arrived.
    pub(crate) traffic_from_s: Option<f64>,
    #[serde(default)]
    pub(crate) goals: Goals,
}

/// How nodes sign.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Signing {
    /// A fast checksum.
    #[default]
    StandIn,
    /// ECDSA P-256.
    P256,
}

/// How nodes come.
#[derive(Clone, Copy, PartialEq, Default, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Arrivals {
    /// Evenly over so long; 0 is a flash crowd.
    pub(crate) over_s: f64,
}

/// What nodes run on.
#[derive(Clone, Copy, PartialEq, Default, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Machines {
    /// Always-on native peers: they listen on a WebSocket address and never leave by themselves.
    pub(crate) native_share: f64,
    /// Small devices.
    pub(crate) device_share: f64,
    /// How many native peers' addresses every node knows from the start.
    pub(crate) addresses: u16,
    /// Monotonic clocks run too fast or too slow by at most so many parts of a million.
    pub(crate) skew_ppm: u32,
    /// Only native peers carry relayed links of others.
    pub(crate) natives_relay_alone: bool,
    /// Wall clocks are wrong by at most so much.
    pub(crate) wall_error_s: u32,
    /// Nodes whose wall clock is wrong by more: between so much and so much, fast or slow.
    pub(crate) wrong_clocks: f64,
    pub(crate) wrong_by_s: [u32; 2],
}

/// How packets travel and who can connect.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Network {
    pub(crate) loss: f64,
    pub(crate) reorder: f64,
    pub(crate) duplicate: f64,
    /// Mean delay beyond the least.
    pub(crate) jitter_ms: f64,
    /// Whether NATs keep pairs apart as they do on the Internet, or every pair connects.
    pub(crate) nat: bool,
    /// Nodes that share their home's NAT and network with one or two others.
    pub(crate) one_nat_share: f64,
    /// What every node sends and takes at most, where lines do not differ as they do in the world.
    pub(crate) up_mbit: Option<f64>,
    pub(crate) down_mbit: Option<f64>,
    /// What one link carries at most.
    pub(crate) link_mbit: Option<f64>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            loss: 0.003,
            reorder: 0.002,
            duplicate: 0.0005,
            jitter_ms: 2.0,
            nat: false,
            one_nat_share: 0.05,
            up_mbit: None,
            down_mbit: None,
            link_mbit: None,
        }
    }
}

/// How long nodes stay; whoever leaves is followed by a newcomer.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sessions {
    pub(crate) law: Law,
    pub(crate) median_s: f64,
    /// Of Weibull and Pareto.
    pub(crate) shape: Option<f64>,
    /// Who leaves without a word (a crash, a dead battery); the others' pages say goodbye.
    pub(crate) silent_share: f64,
    /// Mean time until the newcomer.
    #[serde(default = "one")]
    pub(crate) away_s: f64,
    /// Nobody leaves before.
    #[serde(default)]
    pub(crate) from_s: f64,
}

fn one() -> f64 {
    1.0
}

/// Lookups by nodes at random.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lookups {
    /// In the whole network.
    pub(crate) per_s: f64,
    pub(crate) from_s: f64,
    pub(crate) until_s: f64,
    /// Where to.
    #[serde(default)]
    pub(crate) of: Target,
}

/// What is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    /// Any place in the id space.
    #[default]
    Anywhere,
    /// The id of a node that is there.
    Nodes,
    /// The key that liars made their ids for.
    Victim,
}

/// Blocks put, read, and looked after.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blocks {
    pub(crate) count: u32,
    /// Of each.
    pub(crate) bytes: u32,
    pub(crate) put_from_s: f64,
    pub(crate) put_over_s: f64,
    /// So many nodes give all of them; 0 is anybody. Whoever gives or reads has a store as large as usual.
    #[serde(default)]
    pub(crate) givers: u32,
    /// Whoever is refused for a reason that passes asks again, as the package does.
    #[serde(default)]
    pub(crate) patient: bool,
    /// Reads in the whole network, of blocks whose put has ended.
    #[serde(default)]
    pub(crate) gets_per_s: f64,
    #[serde(default)]
    pub(crate) gets_from_s: f64,
    #[serde(default)]
    pub(crate) gets_until_s: f64,
}

/// One topic: who takes part, and what is published in it. Liars do not take part.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topic {
    /// Of the nodes that were born by `from_s`.
    pub(crate) subscribers: f64,
    /// Of those that come later, once they have joined.
    #[serde(default)]
    pub(crate) newcomers: f64,
    /// Nobody subscribes before; then they do, evenly over so long.
    pub(crate) from_s: f64,
    #[serde(default = "one")]
    pub(crate) over_s: f64,
    /// In the whole network, by subscribers at random; none where there are bursts alone.
    #[serde(default)]
    pub(crate) publish_per_s: f64,
    #[serde(default)]
    pub(crate) publish_from_s: f64,
    #[serde(default)]
    pub(crate) publish_until_s: f64,
    /// Of each.
    pub(crate) bytes: u32,
    /// A message should have been heard after so long.
    #[serde(default = "due_s")]
    pub(crate) due_s: f64,
}

fn due_s() -> f64 {
    20.0
}

impl Topic {
    /// A subscriber counts once it has taken part for so long.
    pub(crate) const SETTLED_S: u64 = 15;
}

/// Some subscribers publish at once, each one message after another: the next when the engine has taken the one before.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burst {
    pub(crate) at_s: f64,
    pub(crate) publishers: u32,
    /// Of each publisher.
    pub(crate) messages: u32,
}

/// What stores take. Without it they never fill.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stores {
    /// Of each node.
    pub(crate) quota_bytes: u64,
    /// So many nodes have a smaller one, of so many bytes.
    #[serde(default)]
    pub(crate) small: u32,
    #[serde(default)]
    pub(crate) small_bytes: u64,
    /// So many others fail at every write.
    #[serde(default)]
    pub(crate) failing: u32,
}

/// Something that happens at one moment.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Action {
    /// A share of the nodes goes at once; for good where the scenario has no sessions that bring newcomers.
    Leave { at_s: f64, share: f64, silent: bool },
    /// A share of the nodes goes at once, and as many newcomers come, evenly over so long.
    Exchange { at_s: f64, share: f64, silent: bool, over_s: f64 },
    /// The network falls into sides of these shares; the signalling server stands on the first, or reaches all.
    Partition { at_s: f64, sides: Vec<f64>, server_reaches_all: bool },
    /// It is whole again.
    Heal { at_s: f64 },
    /// A share of the tabs stops for a while.
    Freeze { at_s: f64, share: f64, for_s: f64 },
    /// The signalling server stops or starts.
    Signalling { at_s: f64, up: bool },
}

impl Action {
    /// When.
    pub(crate) fn at_s(&self) -> f64 {
        match self {
            Self::Leave { at_s, .. }
            | Self::Exchange { at_s, .. }
            | Self::Partition { at_s, .. }
            | Self::Heal { at_s }
            | Self::Freeze { at_s, .. }
            | Self::Signalling { at_s, .. } => *at_s,
        }
    }
}

impl Scenario {
    /// Reads a scenario: a file's path, or the name of one in `simulator/scenarios/`.
    ///
    /// # Errors
    /// Where there is none, or it says something impossible; the sentence names the field.
    pub fn load(name: &str) -> Result<Self> {
        let path = Self::path(name)?;
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| format!("{name} is no scenario that can run"))
    }

    /// Reads a scenario from its text.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn parse(text: &str) -> Result<Self> {
        let scenario: Self = toml::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The names in `simulator/scenarios/`, in order.
    pub fn names() -> Vec<String> {
        let entries = std::fs::read_dir(Self::folder()).into_iter().flatten().flatten();
        let stem = |entry: std::fs::DirEntry| {
            let path = entry.path();
            let is_scenario = path.extension().is_some_and(|ending| ending == "toml");
            is_scenario.then(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        };
        let mut names: Vec<String> = entries.filter_map(stem).collect();
        names.sort();
        names
    }

    fn folder() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"))
    }

    fn path(name: &str) -> Result<PathBuf> {
        let own = Self::folder().join(format!("{name}.toml"));
        if own.is_file() {
            return Ok(own);
        }
        let path = PathBuf::from(name);
        if path.is_file() {
            return Ok(path);
        }
        bail!("there is no scenario `{name}`; there are {}, or give a file's path", Self::names().join(", "))
    }

    /// The same world, small enough to be over in seconds, for its trace hash.
    pub fn small(mut self) -> Self {
        self.nodes = self.nodes.min(SMALL_NODES);
        self.seconds = self.seconds.min(SMALL_S);
        self.bursts.iter_mut().for_each(|burst| burst.messages = burst.messages.min(SMALL_BURST));
        self
    }

    /// The same world, in which the liars behave.
    pub(crate) fn without_lies(&self) -> Self {
        let mut calm = self.clone();
        if let Some(liars) = &mut calm.liars {
            liars.from_s = f64::INFINITY;
        }
        calm
    }

    /// When everybody has arrived.
    pub(crate) fn arrived_s(&self) -> f64 {
        self.arrivals.over_s
    }

    /// When traffic begins to be counted.
    pub(crate) fn traffic_from_s(&self) -> f64 {
        let lookups = self.lookups.map(|lookups| lookups.from_s);
        let topic = self.topic.map(|topic| topic.publish_from_s);
        self.traffic_from_s.or(lookups).or(topic).unwrap_or(self.arrived_s())
    }
}
