//! Nodes come, freeze, go on, and go; and what their applications want meanwhile.

use tabmesh_engine::{Command, Config, Input, Node, NodeId, Profile, Status};
use tabmesh_heap as heap;
use tabmesh_world::clock::Clock;
use tabmesh_world::dial::{SILENCE_US, silence_us};

use super::kept::Kept;
use super::{Shard, Shell, State};
use crate::crypto::{Crypto, Owner};
use crate::dice::Dice;
use crate::event::{EndId, News, NodeNumber, Order, What, Wish};
use crate::ground::{Ground, NETWORK};
use crate::library::Stored;
use crate::model::{SECOND, WALL_START_S, micros};
use crate::scenario::Lie;

/// A tab that was frozen for longer tells its engine that it was away (`HIDDEN_MS` of the package).
const AWAY_US: u64 = 10 * SECOND;

/// Of an inbox: a tab that is frozen for longer than this many events is as good as gone, and loses the rest.
const INBOX_MAX: usize = 100_000;

impl Shell {
    pub(super) fn new(ground: &Ground, node: NodeNumber) -> Self {
        let mut dice = Dice::new(ground.seed, u64::from(node));
        let skew_most = i64::from(ground.machines.skew_ppm);
        Self {
            clock: Clock {
                offset_us: dice.below(3_600 * SECOND),
                skew_ppm: dice.below(2 * skew_most as u64 + 1) as i64 - skew_most,
            },
            dice,
            caused: 0,
            life: 0,
            state: State::Gone,
            wake_at: u64::MAX,
            deadline: u64::MAX,
            tries: 0,
            session: 0,
            sessions_made: 0,
            signal_open: false,
            signal_arrives: 0,
            down_free_at: 0,
            trace: u64::from(node),
            engine_bytes: 0,
            engine_bytes_most: 0,
            burst: None,
            inbox: Default::default(),
        }
    }
}

impl<C: Crypto> Shard<C> {
    /// A newcomer takes the node's place.
    pub(super) fn start(&mut self, ground: &Ground, node: NodeNumber) {
        let at = self.at(node);
        if self.shells[at].state != State::Gone {
            return;
        }
        let shell = &mut self.shells[at];
        shell.life += 1;
        shell.state = State::Running;
        (shell.wake_at, shell.deadline, shell.down_free_at) = (u64::MAX, u64::MAX, 0);
        (shell.session, shell.signal_open, shell.signal_arrives) = (0, false, 0);
        let (life, seed) = (shell.life, shell.dice.bytes());
        shell.tries = tries::<C>(ground, node, life);
        let key = C::public(self.owner(ground, node));
        let is_squatter = ground.lie(node) == Some(Lie::Squat);
        let profile = if is_squatter { Profile::Native } else { ground.profile(node) };
        let address = if ground.profile(node) == Profile::Native {
            format!("ws://{node}.sim").into_bytes()
        } else {
            Vec::new()
        };
        let addresses = ground.machines.addresses.min(ground.natives.len() as u16);
        let relay = ground.profile(node) == Profile::Native || !ground.machines.natives_relay_alone;
        let (network, level) = (NETWORK, 0);
        let config =
            Config { key, seed, network, level, profile, address, addresses, signalling: true, relay };
        let before = heap::balance();
        let engine = Box::new(Node::new(config));
        self.shells[at].engine_bytes = heap::balance() - before;
        let id = engine.id();
        self.engines[at] = Some(engine);
        self.stores[at] = ground.new_store(node);
        self.born_at[at] = self.now;
        self.note(node, News::Born(id));
        let error_s = u64::from(ground.machines.wall_error_s);
        let wall_s = WALL_START_S + self.now / SECOND + self.shells[at].dice.below(2 * error_s + 1) - error_s;
        let wall_s = wall_s.saturating_add_signed(ground.clock_error_s(node));
        self.feed(ground, node, Input::WallTime(wall_s));
        self.plan_departure(ground, node);
    }

    /// Sessions of tabs end by themselves.
    fn plan_departure(&mut self, ground: &Ground, node: NodeNumber) {
        let Some(sessions) = ground.sessions.filter(|_| ground.profile(node) != Profile::Native) else {
            return;
        };
        let at = self.at(node);
        let shell = &mut self.shells[at];
        let shape = sessions.shape.unwrap_or(sessions.law.usual_shape());
        let stay = sessions.law.draw(sessions.median_s, shape, &mut shell.dice);
        let silent = shell.dice.chance(sessions.silent_share);
        let life = shell.life;
        let from = micros(sessions.from_s);
        self.cause(ground, node, node, self.now.max(from) + stay, What::Depart { life, silent });
    }

    /// The node goes. A page that closes says goodbye; a machine that dies does not.
    pub(crate) fn depart(&mut self, ground: &Ground, node: NodeNumber, silent: bool) {
        let at = self.at(node);
        self.shells[at].state = State::Running;
        if !silent {
            self.feed(ground, node, Input::Command(Command::Leave));
        }
        let left: Vec<(NodeNumber, EndId)> =
            self.ends[at].iter().filter(|end| end.is_open).filter_map(|end| end.mate).collect();
        for mate in left {
            let notice = silence_us(&mut self.shells[at].dice);
            self.hang_up(ground, node, mate, notice);
        }
        self.drop_session(ground, node, if silent { SILENCE_US } else { 0 });
        self.note(node, News::Left);
        self.ends[at].clear();
        self.circuits[at] = Vec::new();
        self.tallies[at].lived_us += self.now - self.born_at[at];
        let shell = &mut self.shells[at];
        shell.state = State::Gone;
        shell.inbox = Default::default();
        let held = std::mem::take(&mut shell.engine_bytes);
        let before = heap::balance();
        self.engines[at] = None;
        if before - heap::balance() != held {
            self.broke(node, "the engine did not give back what it took", None);
        }
        self.stores[at] = ground.new_store(node);
        self.shells[at].burst = None;
        self.kept[at] = Kept::default();
        self.modules[at] = None;
        if let Some(sessions) = ground.sessions {
            let mean = sessions.away_s * SECOND as f64;
            let away = (mean * -libm::log(self.shells[at].dice.unit())) as u64 + 1;
            self.cause(ground, node, node, self.now + away, What::Start);
        }
    }

    pub(super) fn freeze(&mut self, node: NodeNumber, for_us: u64) {
        let at = self.at(node);
        self.shells[at].state = State::Frozen;
        self.shells[at].wake_at = u64::MAX;
        // To itself: no ground is needed to find the shard.
        let shell = &mut self.shells[at];
        shell.caused = shell.caused.wrapping_add(1);
        let cause = u64::from(node) << 32 | u64::from(shell.caused);
        self.queue.add(crate::event::Event { at: self.now + for_us, cause, to: node, what: What::Thaw });
        shell.deadline = shell.clock.local(self.now);
        shell.down_free_at = shell.down_free_at.max(self.now + for_us.max(AWAY_US) - AWAY_US);
    }

    /// What waited happens now, in the order in which it came.
    pub(super) fn thaw(&mut self, ground: &Ground, node: NodeNumber) {
        let at = self.at(node);
        let was_away = self.shells[at].inbox.len() > 1;
        self.shells[at].state = State::Running;
        let inbox = std::mem::take(&mut self.shells[at].inbox);
        for (from, what) in inbox.into_iter().take(INBOX_MAX) {
            self.happen(ground, from, node, what);
        }
        if was_away {
            self.feed(ground, node, Input::Command(Command::Wake));
        }
        self.set_timer(ground, node);
    }

    /// Does what the application wants.
    pub(super) fn obey(&mut self, ground: &Ground, node: NodeNumber, order: &Order) {
        let at = self.at(node);
        if order.life != self.shells[at].life {
            return;
        }
        let op = order.op;
        let command = match order.wish {
            Wish::Find(ref target) => Command::Find { op, target },
            Wish::Put(number) => {
                if !self.stores[at].keep(Stored::new(number, false)) {
                    // The package puts nothing into the network that its own store does not take.
                    let status = Status::InsufficientStorage;
                    return self.note(node, News::Done { op, status, holders: 0 });
                }
                Command::Put { op, hash: ground.library.hash(number) }
            }
            Wish::Get(number) => Command::Get { op, hash: ground.library.hash(number) },
            Wish::Drop(number) => return self.stores[at].drop_cached(number),
            Wish::Subscribe => Command::Subscribe { op, topic: &ground.topic },
            Wish::Publish(number) => return self.publish(ground, node, op, number),
            Wish::Burst { first, count } => {
                let burst = super::Burst { next: first, end: first + count, refused: 0 };
                self.shells[at].burst = Some(burst);
                return self.go_on(ground, node);
            }
            Wish::GoOn => return self.go_on(ground, node),
        };
        self.feed(ground, node, Input::Command(command));
    }

    /// Adds up how long the nodes that are there have been there; from here on it counts anew.
    pub(crate) fn settle_lives(&mut self, now: u64) {
        for at in 0..self.shells.len() {
            if self.shells[at].state != State::Gone {
                self.tallies[at].lived_us += now - self.born_at[at];
                self.born_at[at] = now;
            }
        }
    }
}

/// How many keys an eclipsing liar throws away until one lies close enough to its victim: 2^bits in the mean.
fn tries<C: Crypto>(ground: &Ground, node: NodeNumber, life: u32) -> u32 {
    if ground.lie(node) != Some(Lie::Eclipse) {
        return 0;
    }
    let (victim, bits) = ground.victim;
    let fits = |tries: &u32| {
        let owner = Owner { seed: ground.seed, node, life, tries: *tries };
        NodeId::of_key(&C::public(owner)).shared_bits(&victim) >= bits
    };
    (0..u32::MAX).find(fits).unwrap_or(0)
}
