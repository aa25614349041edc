//! Streams over the overlay: the engines that tabs have, over a virtual network with delay, loss and NATs.

mod ends;

use ends::Ends;
use tabmesh_port::Status;
use tabmesh_simulator::{Overlay, Scenario};
use tabmesh_stream::{Command, Streams, port};
use tabmesh_world::dice::Dice;

const SECOND: u64 = 1_000_000;

struct World {
    overlay: Overlay,
    dice: Dice,
    faces: Vec<Ends>,
}

impl World {
    fn new(seed: u64, nodes: u32) -> Self {
        let scenario = format!(
            "about = 'streams'\nnodes = {nodes}\nseconds = 600\n\
             [arrivals]\nover_s = 5\n[machines]\nnative_share = 0.2\naddresses = 2\n[network]\nnat = true\nloss = 0.01"
        );
        let mut overlay = Overlay::new(&Scenario::parse(&scenario).unwrap(), seed).unwrap();
        overlay.run_for(30 * SECOND);
        for node in 0..nodes {
            overlay.attach(node, port(), 1, |attachment| Box::new(Streams::new(attachment)));
            overlay.command(node, port(), &Command::Listen { name: b"files" }.emit());
        }
        let faces = (0..nodes).map(|_| Ends::default()).collect();
        Self { overlay, dice: Dice::new(seed, 7), faces }
    }

    fn run_for(&mut self, us: u64) {
        let end = us / 20_000;
        for _ in 0..end {
            self.overlay.run_for(20_000);
            for (node, face) in self.faces.iter_mut().enumerate() {
                let node = node as u32;
                for bytes in self.overlay.events(node, port()) {
                    face.hear(&bytes);
                }
                for command in face.act(&mut self.dice, 300_000) {
                    self.overlay.command(node, port(), &command);
                }
            }
        }
    }

    fn open(&mut self, node: u32, stream: u32, to: u32, text: Vec<u8>) {
        let id = self.overlay.id(to).expect("it is there");
        let command = self.faces[node as usize].open(stream, &id, b"files", text);
        self.overlay.command(node, port(), &command);
    }
}

#[test]
fn p1_streams_between_all_kinds_of_nodes_come_whole_and_end_once() {
    for seed in 1..=3 {
        let mut world = World::new(seed, 12);
        world.faces.iter_mut().for_each(|face| face.answer = b"thanks".to_vec());
        let text: Vec<u8> = (0..700_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for node in 0..12 {
            world.open(node, 1, (node + 5) % 12, text.clone());
        }
        world.run_for(120 * SECOND);
        for (node, face) in world.faces.iter().enumerate() {
            let own = &face.list[&1];
            assert_eq!(
                (own.ended.clone(), &own.came[..]),
                (vec![Status::Ok], &b"thanks"[..]),
                "seed {seed}, node {node}"
            );
            let opener = world.overlay.id((node as u32 + 7) % 12);
            let incoming: Vec<_> = face.list.values().filter(|end| end.from.is_some()).collect();
            assert!(incoming.len() == 1 && incoming[0].from == opener && incoming[0].came == text);
            assert_eq!(incoming[0].ended, [Status::Ok], "seed {seed}, node {node}");
        }
        assert_eq!(world.overlay.broken(), None);
    }
}

#[test]
fn p1_a_stream_ends_once_where_its_other_end_leaves_or_its_module_goes() {
    for how in 0..3 {
        let mut world = World::new(4, 8);
        world.open(2, 1, 5, vec![9; 60_000_000]);
        world.run_for(3 * SECOND);
        assert!(world.faces[2].end(1).is_open && !world.faces[5].list.is_empty());
        match how {
            0 => world.overlay.leave(5, true),
            1 => world.overlay.leave(5, false),
            _ => world.overlay.detach(5, port()),
        }
        world.run_for(90 * SECOND);
        let ended = &world.faces[2].end(1).ended;
        assert!(ended.len() == 1 && ended[0] != Status::Ok, "{how}: {ended:?}");
        assert_eq!(world.overlay.broken(), None);
    }
}
