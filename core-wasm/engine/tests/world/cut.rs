//! Cuts through the network: who reaches whom no more, and what becomes of their links.

use tabmesh_engine::LinkKind;
use tabmesh_world::dial::consent_us;
use tabmesh_world::time::SECOND;

use super::agenda::Happening;
use super::ids::{EndId, HostId};
use super::run::World;

/// A cut WebSocket is given up by its transport after so much silence.
const SOCKET_SILENCE_US: u64 = 60 * SECOND;

impl World {
    /// Cuts the network: hosts of different `sides` reach each other no more; hosts not named are on side 0.
    pub(crate) fn partition(&mut self, sides: &[&[HostId]]) {
        let mut side_of = vec![0; self.hosts.len()];
        for (side, hosts) in sides.iter().enumerate() {
            hosts.iter().for_each(|host| side_of[host.0] = side as u8);
        }
        self.network.cut.fall_apart(side_of);
        self.notice_cut();
    }

    /// Heals every cut. What still waited on a link that was not given up yet arrives.
    pub(crate) fn heal(&mut self) {
        self.network.cut.heal();
        self.resume_flows();
    }

    /// Starts the clocks of the links that the cut goes through: the transport gives them up after a while.
    pub(super) fn notice_cut(&mut self) {
        let crossing: Vec<(EndId, LinkKind)> = self
            .ends
            .iter()
            .filter(|(id, end)| end.mate.is_some_and(|mate| **id < mate))
            .filter(|(_, end)| {
                let mate = end.mate.and_then(|mate| self.ends.get(&mate));
                mate.is_some_and(|mate| self.network.is_cut(end.host, mate.host))
            })
            .map(|(id, end)| (*id, end.kind))
            .collect();
        for (id, kind) in crossing {
            let delay = match kind {
                LinkKind::WebRtc => consent_us(&mut self.dice),
                LinkKind::Socket | LinkKind::Relayed => {
                    SOCKET_SILENCE_US + self.dice.below(SOCKET_SILENCE_US / 5)
                }
            };
            self.at(delay, Happening::CutOff(id, self.network.cut.number()));
        }
    }

    /// A link has been silent since a cut: both transports give it up, unless the cut healed.
    pub(super) fn cut_off(&mut self, id: EndId, cut: u32) {
        let Some(mate) = self.ends.get(&id).and_then(|end| end.mate) else { return };
        let Some(mate_host) = self.ends.get(&mate).map(|mate| mate.host) else { return };
        if cut == self.network.cut.number() && self.network.is_cut(self.ends[&id].host, mate_host) {
            self.lose(id);
            self.lose(mate);
        }
    }

    /// After a heal: what was stuck is sent again and arrives.
    pub(super) fn resume_flows(&mut self) {
        let pairs: Vec<(EndId, HostId, HostId)> = self
            .ends
            .iter()
            .filter(|(_, end)| !end.in_flight.is_empty())
            .filter_map(|(id, end)| Some((*id, end.host, self.ends.get(&end.mate?)?.host)))
            .collect();
        for (id, from, to) in pairs {
            let earliest = self.now + self.travel(from, to);
            let Some(end) = self.ends.get_mut(&id) else { continue };
            for (step, parcel) in end.in_flight.iter_mut().enumerate() {
                parcel.arrives = parcel.arrives.max(earliest + step as u64);
                end.line.arrives = end.line.arrives.max(parcel.arrives);
                self.agenda.add(parcel.arrives, Happening::Arrive(id));
            }
        }
    }
}
