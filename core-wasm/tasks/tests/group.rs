//! Jobs that are for some executors alone.

mod common;

use common::running::Conduct;
use common::{SECOND, World, honest, task_id};
use tabmesh_port::{NodeId, Status};
use tabmesh_tasks::{Command, GROUP_MAX, StalledWhy};
use tabmesh_world::perfect::Weather;

const ONLY: u8 = 13;

fn world(seed: u64, executors: usize, tasks: u32) -> World {
    World::new(seed, Weather::FAIR, executors, |_| Conduct::Honest, |asking| asking.job(2, tasks))
}

#[test]
fn who_is_not_of_the_group_is_told_nothing() {
    let mut world = world(1, 12, 300);
    let group: Vec<NodeId> = world.executors.iter().take(3).map(|place| world.net.id(*place)).collect();
    world.asking_mut().group = group.clone();
    world.begin();
    world.run_to_end(600 * SECOND);
    let asking = world.asking();
    let job = &asking.jobs[0];
    assert_eq!((job.ended, asking.refused.as_slice()), (Some(false), &[][..]));
    assert!((0..300).all(|number| job.accepted[&number].0 == honest(&task_id(1, number)).0));
    assert!(asking.packed.iter().all(|id| group.contains(id)));
    assert!(group.iter().all(|id| asking.packed.contains(id)));
    for number in 3..12 {
        assert!(world.running(number).sizes.is_empty(), "executor {number} was given something");
    }
}

#[test]
fn a_group_that_is_not_there_stalls_the_job_and_says_so() {
    let mut world = world(2, 4, 20);
    world.asking_mut().group = vec![NodeId([7; 32])];
    world.begin();
    world.run_to_end(60 * SECOND);
    let asking = world.asking();
    assert_eq!(asking.jobs[0].stalls, [StalledWhy::NoOffers]);
    assert!(asking.packed.is_empty());
}

#[test]
fn a_group_is_named_before_there_are_tasks_and_has_its_bound() {
    let mut world = world(3, 4, 2_000);
    world.begin();
    world.net.run_for(2 * SECOND);
    let ids = vec![NodeId([7; 32]); GROUP_MAX + 1];
    for (job, ids) in [(1, &ids[..1]), (9, &ids[..1]), (1, &ids[..]), (1, &[])] {
        world.asking_mut().say(&Command::Only { job, ids });
    }
    world.run_to_end(600 * SECOND);
    let refused: Vec<Status> = world
        .asking()
        .refused
        .iter()
        .filter(|(command, _)| *command == ONLY)
        .map(|(_, status)| *status)
        .collect();
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|status| [Status::NotFound, Status::BadRequest].contains(status)));
    assert_eq!(world.asking().jobs[0].ended, Some(false));
}
