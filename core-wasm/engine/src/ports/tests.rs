//! Which ports are open, and who hears of it.

use alloc::vec::Vec;

use super::{Ports, bounded};
use crate::ground::Ground;
use crate::ground::testing::{ground, sent};
use crate::limits::PORTS_MAX;
use crate::wire::frame::Frame;

/// Whom was told which ports are open, and whether to tell again.
fn told(ground: &mut Ground) -> Vec<(u16, bool, Vec<u8>)> {
    let frames = sent(ground);
    let told = frames.iter().filter_map(|(link, frame)| match Frame::parse(frame)? {
        Frame::Ports { again, open } => Some((link.number(), again, open.to_vec())),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_applications_port_is_open_and_no_other_before_its_module_comes() {
    let (mut ground, mut ports) = (ground(0), Ports::default());
    assert_eq!((ports.version(0), ports.version(7)), (Some(1), None));
    ports.set(&mut ground, &[0, 0, 0, 7, 3, 0, 0, 1, 0, 9]);
    assert_eq!((ports.version(0), ports.version(7), ports.version(256)), (Some(1), Some(3), Some(9)));
    ports.set(&mut ground, &[]);
    assert_eq!(ports.version(7), None);
}

#[test]
fn whoever_is_linked_hears_of_open_ports_and_tells_its_own() {
    let (mut ground, mut ports) = (ground(2), Ports::default());
    let link = ground.links.peers().next().map(|link| link.id).unwrap();
    ports.on_linked(&mut ground, link);
    assert_eq!(told(&mut ground), [], "there is nothing to tell");
    let open = [0, 0, 0, 7, 3];
    ports.set(&mut ground, &open);
    assert_eq!(told(&mut ground), [(1, true, open.to_vec()), (2, true, open.to_vec())]);
    ports.on_linked(&mut ground, link);
    assert_eq!(told(&mut ground), [(link.number(), false, open.to_vec())]);
}

#[test]
fn ports_beyond_the_bound_count_for_closed() {
    let (mut ground, mut ports) = (ground(0), Ports::default());
    let open: Vec<u8> = (1..=PORTS_MAX as u8 + 1).flat_map(|port| [0, 0, 0, port, 1]).collect();
    ports.set(&mut ground, &open);
    assert_eq!((ports.version(PORTS_MAX as u32), ports.version(PORTS_MAX as u32 + 1)), (Some(1), None));
    assert_eq!(bounded(&open).len(), PORTS_MAX * 5);
    // Bytes that are no whole entry are none.
    ports.set(&mut ground, &[0, 0, 0]);
    assert_eq!(ports.version(0x0000_0000), Some(1));
    assert_eq!(ports.version(9), None);
}
