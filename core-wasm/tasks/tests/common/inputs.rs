//! Inputs that an executor's shell fetches before it runs their tasks.

use std::collections::{BTreeMap, VecDeque};

use tabmesh_port::Status;
use tabmesh_tasks::{Command, FETCHES_A_BATCH, Refusal, TaskId};

use super::given::input;

/// A task whose input comes: of this batch, at this place.
pub(crate) type Place = (u32, u16, TaskId);

#[derive(Default)]
pub(crate) struct Inputs {
    waiting: VecDeque<Place>,
    coming: BTreeMap<u32, (Place, Vec<u8>)>,
    numbers: u32,
    pub(crate) fetched: u32,
}

impl Inputs {
    pub(crate) fn want(&mut self, place: Place) {
        self.waiting.push_back(place);
    }

    /// Nothing of a batch is wanted any more.
    pub(crate) fn forget(&mut self, assignment: u32) {
        self.waiting.retain(|place| place.0 != assignment);
    }

    /// Fetches what waits, as many at a time as may be.
    pub(crate) fn go_on(&mut self, commands: &mut VecDeque<Vec<u8>>) {
        let count = self.waiting.len();
        for _ in 0..count {
            let Some(place) = self.waiting.pop_front() else { return };
            if self.coming.values().filter(|(of, _)| of.0 == place.0).count() < FETCHES_A_BATCH {
                self.fetch(place, Vec::new(), commands);
            } else {
                self.waiting.push_back(place);
            }
        }
    }

    fn fetch(&mut self, place: Place, came: Vec<u8>, commands: &mut VecDeque<Vec<u8>>) {
        self.numbers += 1;
        let (assignment, index, _) = place;
        let offset = came.len() as u32;
        let fetch = Command::FetchInput { fetch: self.numbers, assignment, index, offset };
        commands.push_back(fetch.emit());
        self.coming.insert(self.numbers, (place, came));
    }

    /// A piece came: the task, if that was the last, or the batch that is declined.
    pub(crate) fn on_fetched(
        &mut self,
        (fetch, status, bytes): (u32, Status, &[u8]),
        is_wanted: impl Fn(u32) -> bool,
        commands: &mut VecDeque<Vec<u8>>,
    ) -> Option<Result<Place, u32>> {
        let (place, mut came) = self.coming.remove(&fetch).expect("each fetch ends once");
        let (assignment, _, task) = place;
        if !is_wanted(assignment) {
            return None;
        }
        if status != Status::Ok {
            commands.push_back(Command::Decline { assignment, why: Refusal::Busy }.emit());
            return Some(Err(assignment));
        }
        came.extend(bytes);
        let whole = input(&task).expect("an input that is fetched");
        assert!(whole.starts_with(&came) && !bytes.is_empty());
        if came.len() < whole.len() {
            self.fetch(place, came, commands);
            return None;
        }
        self.fetched += 1;
        Some(Ok(place))
    }
}
