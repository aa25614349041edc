//! A network of the tests.

use tabmesh_port::Port;
use tabmesh_world::perfect::{Perfect, Place, Weather};

use super::asking::Asking;
use super::given::SECOND;
use super::node::Node;
use super::running::{Conduct, Running};

/// A requester and executors.
pub(crate) struct World {
    pub(crate) net: Perfect<Node>,
    pub(crate) requester: Place,
    pub(crate) executors: Vec<Place>,
}

impl World {
    /// Executors of which each is as `conduct` says by its number. They stand on the lists when it begins.
    pub(crate) fn new(
        seed: u64,
        weather: Weather,
        executors: usize,
        conduct: impl Fn(usize) -> Conduct,
        asking: impl FnOnce(&mut Asking),
    ) -> Self {
        let mut net = Perfect::new(seed, weather);
        let executors: Vec<Place> = (0..executors)
            .map(|number| {
                net.attach(Port::TASKS, |attachment| {
                    let mut node = Node::new(attachment);
                    node.running.conduct = conduct(number);
                    node
                })
            })
            .collect();
        let requester = net.attach(Port::TASKS, |attachment| {
            let mut node = Node::new(attachment);
            asking(&mut node.asking);
            node
        });
        executors.iter().for_each(|place| net.command(*place, &[2]));
        net.run_for(5 * SECOND);
        Self { net, requester, executors }
    }

    pub(crate) fn begin(&mut self) {
        self.net.command(self.requester, &[1]);
    }

    /// Lets time pass until all jobs ended, at most so long; how long it took.
    pub(crate) fn run_to_end(&mut self, us_max: u64) -> u64 {
        let mut took = 0;
        while took < us_max && !self.asking().is_over() {
            self.net.run_for(SECOND / 10);
            took += SECOND / 10;
        }
        took
    }

    pub(crate) fn node(&self) -> &Node {
        self.net.module(self.requester).expect("the requester is there")
    }

    pub(crate) fn asking(&self) -> &Asking {
        &self.node().asking
    }

    pub(crate) fn asking_mut(&mut self) -> &mut Asking {
        &mut self.net.module_mut(self.requester).expect("the requester is there").asking
    }

    pub(crate) fn running(&self, number: usize) -> &Running {
        &self.net.module(self.executors[number]).expect("the executor is there").running
    }
}
