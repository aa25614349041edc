//! One engine with real state, and bytes that choose what happens to it.
//!
//! Goal: whatever strangers, linked peers, servers, shells and clocks do, nothing panics, every output is one that the border's table
//! knows, state keeps within its bound, and an honest bystander keeps its link and is let in again (X1, X2, X9 in docs/SECURITY.md).
//! Method: each byte or two choose a deed; frames come from the engine's own encoder and are then changed. Signatures are stand-ins that
//! attackers cannot forge.

mod choice;
mod deeds;
mod line;
mod people;
mod say;
mod scene;
mod shell;
mod store;

use tabmesh_engine::{Command, Input, OpId, Profile, TopicId};

use choice::Choice;
use scene::Scene;
use shell::{Depth, REACHED, Shell};

/// Runs what the bytes say; answers what was reached, and how often.
pub(crate) fn check(bytes: &[u8]) -> Depth {
    let mut choice = Choice(bytes);
    let setting = choice.byte();
    let more = choice.byte();
    let profile = [Profile::Browser, Profile::Native, Profile::Device][usize::from(more % 3)];
    let mut shell = Shell::new(profile, setting & 1 != 0, setting & 2 != 0, (setting >> 2 & 1).into());
    shell.are_lively = setting & 16 != 0;
    if setting & 8 != 0 {
        shell.tell(Input::WallTime(say::NOW_S));
    }
    let mut scene = Scene::new(shell);
    if more & 64 != 0 {
        let topic = &TopicId([0; 32]);
        scene.tell(Input::Command(Command::Subscribe { op: OpId(900), topic }));
    }
    for _ in 0..setting >> 5 {
        deeds::come(&mut scene, &mut choice);
    }
    while !choice.is_over() && !scene.shell.has_left {
        deeds::next(&mut scene, &mut choice);
        scene.answer();
        scene.check();
    }
    let depth = scene.shell.depth;
    scene.end();
    depth
}

/// Whether runs that came so far in sum get deep enough to be worth something: the names of what was not reached.
pub(crate) fn unreached(depth: &Depth) -> Vec<&'static str> {
    REACHED.iter().zip(depth).filter(|(_, count)| **count == 0).map(|(what, _)| *what).collect()
}
