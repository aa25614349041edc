//! What a scenario may say.

use anyhow::{Result, ensure};

use super::{Action, Burst, Liars, Lie, Scenario, Target, Topic};

/// More nodes than this do not fit their numbers beside what is kept of each.
const NODES_MAX: u32 = 4_000_000;

/// Estimate of what one node takes, engine, shell and what is on its way to it, in bytes: measured at 10,000 nodes,
/// with a quarter more to be sure.
const NODE_BYTES: u64 = 48 * 1024;

/// What the rest of the program takes.
const BASE_BYTES: u64 = 64 << 20;

/// One hearing of one message, with half more for lists that grow.
const HEARD_BYTES: f64 = 24.0;

fn share(name: &str, value: f64) -> Result<()> {
    ensure!((0.0..=1.0).contains(&value), "{name} = {value}: a share lies between 0 and 1");
    Ok(())
}

fn span(name: &str, value: f64, least: f64) -> Result<()> {
    ensure!(value.is_finite() && value >= least, "{name} = {value}: at least {least} seconds");
    Ok(())
}

impl Scenario {
    /// Fails with a sentence about the first thing that cannot be.
    ///
    /// # Errors
    /// See [`Scenario::load`].
    pub fn check(&self) -> Result<()> {
        ensure!(
            (2..=NODES_MAX).contains(&self.nodes),
            "nodes = {}: between 2 and {NODES_MAX} nodes make a network",
            self.nodes
        );
        span("seconds", self.seconds, 1.0)?;
        ensure!(self.seconds <= 31_536_000.0, "seconds = {}: at most a year", self.seconds);
        span("arrivals.over_s", self.arrivals.over_s, 0.0)?;
        ensure!(
            self.arrivals.over_s <= self.seconds,
            "arrivals.over_s = {}: longer than the scenario's {} seconds",
            self.arrivals.over_s,
            self.seconds
        );
        self.check_machines()?;
        self.check_network()?;
        self.check_churn()?;
        self.check_work()?;
        self.check_stores()?;
        self.check_topic()?;
        self.check_liars()?;
        self.actions.iter().try_for_each(|action| self.check_action(action))
    }

    fn check_machines(&self) -> Result<()> {
        let machines = &self.machines;
        share("machines.native_share", machines.native_share)?;
        share("machines.device_share", machines.device_share)?;
        share(
            "machines.native_share + machines.device_share",
            machines.native_share + machines.device_share,
        )?;
        ensure!(
            machines.addresses == 0 || machines.native_share > 0.0,
            "machines.addresses = {}: there are no native peers whose addresses could be known",
            machines.addresses
        );
        ensure!(machines.addresses <= 64, "machines.addresses = {}: the engine uses 64", machines.addresses);
        share("machines.wrong_clocks", machines.wrong_clocks)?;
        let [least, most] = machines.wrong_by_s;
        ensure!(
            least <= most && most <= 86_400,
            "machines.wrong_by_s = [{least}, {most}]: the least and the most, at most a day"
        );
        ensure!(machines.skew_ppm <= 10_000, "machines.skew_ppm = {}: at most 10,000", machines.skew_ppm);
        Ok(())
    }

    fn check_network(&self) -> Result<()> {
        let network = &self.network;
        share("network.one_nat_share", network.one_nat_share)?;
        for (name, value) in
            [("loss", network.loss), ("reorder", network.reorder), ("duplicate", network.duplicate)]
        {
            ensure!(
                (0.0..=0.25).contains(&value),
                "network.{name} = {value}: between 0 and 0.25; nothing works beyond"
            );
        }
        ensure!(
            (0.0..=1_000.0).contains(&network.jitter_ms),
            "network.jitter_ms = {}: between 0 and 1000",
            network.jitter_ms
        );
        for (name, rate) in
            [("up_mbit", network.up_mbit), ("down_mbit", network.down_mbit), ("link_mbit", network.link_mbit)]
        {
            ensure!(
                rate.is_none_or(|rate| (0.1..=10_000.0).contains(&rate)),
                "network.{name} = {rate:?}: between 0.1 and 10,000"
            );
        }
        Ok(())
    }

    fn check_churn(&self) -> Result<()> {
        let Some(sessions) = &self.sessions else { return Ok(()) };
        span("sessions.median_s", sessions.median_s, 1.0)?;
        span("sessions.away_s", sessions.away_s, 0.01)?;
        span("sessions.from_s", sessions.from_s, 0.0)?;
        share("sessions.silent_share", sessions.silent_share)?;
        if let Some(shape) = sessions.shape {
            ensure!((0.1..=10.0).contains(&shape), "sessions.shape = {shape}: between 0.1 and 10");
        }
        Ok(())
    }

    fn within(&self, name: &str, from_s: f64, until_s: f64) -> Result<()> {
        ensure!(
            0.0 <= from_s && from_s < until_s && until_s <= self.seconds,
            "{name} from {from_s} s until {until_s} s: not within the scenario's {} seconds",
            self.seconds
        );
        Ok(())
    }

    fn check_work(&self) -> Result<()> {
        let within = |name: &str, from_s, until_s| self.within(name, from_s, until_s);
        if let Some(lookups) = &self.lookups {
            within("lookups", lookups.from_s, lookups.until_s)?;
            ensure!(
                lookups.per_s > 0.0 && lookups.per_s <= 1e6,
                "lookups.per_s = {}: more than 0, at most a million",
                lookups.per_s
            );
        }
        if let Some(blocks) = &self.blocks {
            within("blocks put", blocks.put_from_s, blocks.put_from_s + blocks.put_over_s)?;
            ensure!(
                (1..=1_000_000).contains(&blocks.count),
                "blocks.count = {}: between 1 and a million",
                blocks.count
            );
            let most = tabmesh_engine::limits::BLOCK_MAX as u32;
            ensure!(
                (8..=most).contains(&blocks.bytes),
                "blocks.bytes = {}: between 8 and {most}",
                blocks.bytes
            );
            ensure!(
                blocks.givers <= self.nodes,
                "blocks.givers = {}: there are {} nodes",
                blocks.givers,
                self.nodes
            );
            if blocks.gets_per_s > 0.0 {
                within("blocks gets", blocks.gets_from_s, blocks.gets_until_s)?;
            }
        }
        Ok(())
    }

    fn check_stores(&self) -> Result<()> {
        let Some(stores) = &self.stores else { return Ok(()) };
        ensure!(
            u64::from(stores.small) + u64::from(stores.failing) <= u64::from(self.nodes),
            "stores.small + stores.failing = {}: there are {} nodes",
            u64::from(stores.small) + u64::from(stores.failing),
            self.nodes
        );
        let givers = u64::from(self.blocks.map_or(0, |blocks| blocks.givers));
        ensure!(
            givers + u64::from(stores.small) + u64::from(stores.failing) <= u64::from(self.nodes),
            "blocks.givers = {givers}: too few nodes are left whose store has room"
        );
        Ok(())
    }

    fn check_bursts(&self, topic: &Topic) -> Result<()> {
        for burst in &self.bursts {
            let Burst { at_s, publishers, messages } = burst;
            ensure!(
                topic.from_s + topic.over_s + Topic::SETTLED_S as f64 <= *at_s,
                "a burst at {at_s} s: subscribers need {} s after the last one came",
                Topic::SETTLED_S
            );
            self.within("a burst and what is due after it", *at_s, at_s + topic.due_s)?;
            ensure!(
                (1..=1_000).contains(publishers) && (1..=10_000).contains(messages),
                "a burst of {publishers} publishers with {messages} messages: at most 1000 and 10,000"
            );
        }
        Ok(())
    }

    fn check_topic(&self) -> Result<()> {
        let Some(topic) = &self.topic else {
            ensure!(self.bursts.is_empty(), "a burst without a topic: there is nothing to publish in");
            return Ok(());
        };
        let (settled_s, due_s) = (Topic::SETTLED_S as f64, topic.due_s);
        share("topic.subscribers", topic.subscribers)?;
        share("topic.newcomers", topic.newcomers)?;
        ensure!(
            topic.subscribers > 0.0 || topic.newcomers > 0.0,
            "topic.subscribers = 0 and topic.newcomers = 0: nobody takes part"
        );
        span("topic.from_s", topic.from_s, 0.0)?;
        span("topic.over_s", topic.over_s, 0.0)?;
        ensure!((1.0..=120.0).contains(&due_s), "topic.due_s = {due_s}: between 1 and 120");
        let most = tabmesh_engine::limits::PUBLISH_MAX as u32;
        ensure!((8..=most).contains(&topic.bytes), "topic.bytes = {}: between 8 and {most}", topic.bytes);
        self.check_bursts(topic)?;
        if topic.publish_per_s == 0.0 && !self.bursts.is_empty() {
            return Ok(());
        }
        let (from_s, until_s) = (topic.publish_from_s, topic.publish_until_s);
        self.within("topic published", from_s, until_s)?;
        ensure!(
            topic.from_s + topic.over_s + settled_s <= from_s,
            "topic.publish_from_s = {from_s}: subscribers need {settled_s} s after the last one came at {} s",
            topic.from_s + topic.over_s
        );
        ensure!(
            until_s + due_s <= self.seconds,
            "topic.publish_until_s = {until_s}: the last message needs {due_s} s, and the scenario ends at {} s",
            self.seconds
        );
        ensure!(
            topic.publish_per_s > 0.0 && topic.publish_per_s <= 10_000.0,
            "topic.publish_per_s = {}: more than 0, at most 10,000",
            topic.publish_per_s
        );
        Ok(())
    }

    fn check_liars(&self) -> Result<()> {
        let looks_for_victim = self.lookups.is_some_and(|lookups| lookups.of == Target::Victim);
        let has_victim = self.liars.as_ref().is_some_and(|liars| liars.lies.contains(&Lie::Eclipse));
        ensure!(has_victim || !looks_for_victim, "lookups.of = victim: only liars that eclipse have one");
        let Some(liars) = &self.liars else { return Ok(()) };
        share("liars.share", liars.share)?;
        ensure!(liars.share < 1.0, "liars.share = 1: nobody is left to be lied to");
        ensure!(!liars.lies.is_empty(), "liars.lies is empty: name at least one way of lying");
        span("liars.from_s", liars.from_s, 0.0)?;
        if let Some(until_s) = liars.until_s {
            self.within("liars lie, and what they did settles,", liars.from_s, until_s + Liars::SETTLES_S)?;
        }
        let has = |lie| liars.lies.contains(&lie);
        ensure!(
            !has(Lie::Relay) || self.machines.native_share > 0.0,
            "liars.lies = relay: there are no native peers to stand between"
        );
        ensure!(!has(Lie::ForgeTopic) || self.topic.is_some(), "liars.lies = forge-topic: there is no topic");
        ensure!(!has(Lie::NoCredit) || self.blocks.is_some(), "liars.lies = no-credit: there are no blocks");
        ensure!(
            liars.near_bits <= 20,
            "liars.near_bits = {}: grinding more than 20 bits takes too long",
            liars.near_bits
        );
        ensure!(
            liars.lies.contains(&Lie::Eclipse) || liars.near_bits == 0,
            "liars.near_bits = {}: only liars that eclipse grind their ids",
            liars.near_bits
        );
        Ok(())
    }

    fn check_action(&self, action: &Action) -> Result<()> {
        let at_s = action.at_s();
        ensure!(
            (0.0..=self.seconds).contains(&at_s),
            "an action at {at_s} s: the scenario lasts {} seconds",
            self.seconds
        );
        match action {
            Action::Leave { share: leaving, .. } => share("share of an action", *leaving),
            Action::Exchange { share: leaving, over_s, .. } => {
                share("share of an action", *leaving)?;
                span("over_s of an action", *over_s, 0.0)
            }
            Action::Freeze { share: frozen, for_s, .. } => {
                share("share of an action", *frozen)?;
                span("for_s of an action", *for_s, 0.0)
            }
            Action::Partition { sides, .. } => {
                ensure!((2..=200).contains(&sides.len()), "a partition has between 2 and 200 sides");
                sides.iter().try_for_each(|side| share("a side's share", *side))?;
                let sum: f64 = sides.iter().sum();
                ensure!((sum - 1.0).abs() < 0.001, "the sides of a partition make {sum}, not 1");
                Ok(())
            }
            Action::Heal { .. } | Action::Signalling { .. } => Ok(()),
        }
    }

    /// What the run will take, in bytes.
    pub fn memory_needed(&self) -> u64 {
        let blocks =
            self.blocks.map_or(0, |blocks| u64::from(blocks.count) * (u64::from(blocks.bytes) + 256));
        // Who heard which message is remembered until nobody passes it on any more.
        let heard = self.topic.map_or(0.0, |topic| {
            let kept_s = (topic.publish_until_s - topic.publish_from_s).min(150.0);
            topic.publish_per_s * kept_s * f64::from(self.nodes) * HEARD_BYTES
        });
        let said: f64 =
            self.bursts.iter().map(|burst| f64::from(burst.publishers) * f64::from(burst.messages)).sum();
        let heard = heard + said * f64::from(self.nodes) * HEARD_BYTES;
        BASE_BYTES + u64::from(self.nodes) * NODE_BYTES + blocks + heard as u64
    }

    /// Fails where the machine has not got the memory.
    ///
    /// # Errors
    /// Says how much is needed and how much there is.
    pub fn check_memory(&self, available: Option<u64>) -> Result<()> {
        let needed = self.memory_needed();
        let Some(available) = available else { return Ok(()) };
        ensure!(
            needed <= available,
            "{} nodes need about {:.1} GB of memory and {:.1} GB are free: run fewer with --nodes",
            self.nodes,
            needed as f64 / 1e9,
            available as f64 / 1e9
        );
        Ok(())
    }
}
