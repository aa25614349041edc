//! Who was seen to vote: the block that ends a view says it, and whoever it does not show is frozen. A leader shows whom it saw; who saw more refuses to end the view so,
//! for a few rounds.

use crate::header::Header;
use crate::limits::{SHOWN_HEIGHTS, SILENCE_ROUNDS, view_of};
use crate::membership::{closes, shows};

use super::machine::Member;
use super::statement::Says;
use super::wire::Standing;
use crate::rule::Rule;

impl Member {
    /// What a leader shows: whom it saw. One that did not count for long enough accuses nobody.
    pub(crate) fn shown(&self) -> u64 {
        let all = self.voters.all();
        match (shows(self.height()), self.attendance.watched < SHOWN_HEIGHTS) {
            (false, _) => 0,
            (true, true) => all,
            (true, false) => self.attendance.held() & all,
        }
    }

    /// Whether a block would freeze somebody whom this node saw.
    pub(crate) fn silences(&self, header: &Header) -> bool {
        let is_rule = self.safety.has(Rule::Silence) && self.ballot.round < SILENCE_ROUNDS;
        is_rule && closes(header.height) && self.attendance.held() & !header.shown != 0
    }

    /// Somebody's votes on the last block, as far as this node counts them.
    pub(crate) fn votes(&self) -> u64 {
        let mut votes = 0;
        for (voter, row) in self.ballot.rows.iter().enumerate() {
            let has_voted = row.vote.is_some() || row.finalisation.is_some();
            votes |= u64::from(has_voted) << voter;
        }
        votes
    }

    /// A voter tells of a block that is final here already: its vote is a late one.
    pub(crate) fn on_late(&mut self, voter: u8, standing: &Standing) {
        let height = standing.height;
        let is_seen = self.late(height).is_none_or(|seen| *seen >> voter & 1 == 1);
        let cast = standing.vote.map(|cast| (Says::Notarise, cast));
        if let Some((says, cast)) = cast.or(standing.finalisation.map(|cast| (Says::Finalise, cast)))
            && !is_seen
        {
            self.check_cast(voter, height, says, cast);
        }
    }

    /// That was so.
    pub(crate) fn on_seen(&mut self, voter: u8, height: u32) {
        if let Some(seen) = self.late(height) {
            *seen |= 1 << voter;
        }
    }

    /// Who was seen to vote for the block at this height, of this view.
    fn late(&mut self, height: u32) -> Option<&mut u64> {
        let before = self.height().checked_sub(height)?.checked_sub(1)?;
        let is_view = view_of(height) == self.safety.view();
        self.attendance.seen.get_mut(before as usize).filter(|_| is_view)
    }
}
