//! What light nodes ask of everybody who follows: where terms open, and the newest block with what is under a key. Both stand in the shell's store.

use tabmesh_port::{NodeId, Reader, Status, Writer};

use crate::header::Header;
use crate::key::Key;
use crate::limits::{SERVING_MAX, TERM_HEIGHTS, term_of, view_of};
use crate::membership::closes;

use super::event::Event;
use super::machine::Member;
use super::pending::{Serving, Wants};
use super::statement::Certificate;

impl Member {
    pub(crate) fn on_asked_term(&mut self, from: &NodeId, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let mut reader = Reader::new(rest);
        let above = reader.u32();
        reader.finish().ok_or(Status::BadRequest)?;
        let height = (term_of(above) + 1).saturating_mul(TERM_HEIGHTS).saturating_add(1);
        if height >= self.height() {
            return Err(Status::NotFound);
        }
        self.look_up(from, ticket, height, Wants::Term);
        Ok(())
    }

    pub(crate) fn on_asked_newest(&mut self, from: &NodeId, ticket: u32, rest: &[u8]) -> Result<(), Status> {
        let mut reader = Reader::new(rest);
        let view = reader.u32();
        reader.intact().ok_or(Status::BadRequest)?;
        let key = match reader.rest() {
            [] => None,
            bytes => Some(Key(bytes.try_into().map_err(|_| Status::BadRequest)?)),
        };
        let height = self.ledger.head().height;
        let lists = view_of(height) != view;
        // The voters of a view that is over are in the state no more.
        if height == 0 || lists && closes(height) {
            return Err(Status::NotFound);
        }
        self.look_up(from, ticket, height, Wants::Newest { lists, key });
        Ok(())
    }

    /// Has the shell look for a block. Who asks anew gives up what it asked before; at the bound who has waited longest does.
    fn look_up(&mut self, from: &NodeId, ticket: u32, height: u32, wants: Wants) {
        let own = self.serving.iter().position(|serving| serving.from == *from);
        if let Some(at) = own.or((self.serving.len() >= SERVING_MAX).then_some(0)) {
            let serving = self.serving.remove(at);
            self.ground.reply(serving.ticket, Status::TooManyRequests, &[]);
        }
        self.serving.push(Serving { ticket, from: *from, height, wants });
        self.ground.emit(&Event::Fetch { ticket, height });
    }

    /// The shell gives a block, or none; whether a light node waits for it.
    pub(crate) fn serve(&mut self, ticket: u32, bytes: &[u8]) -> bool {
        let Some(at) = self.serving.iter().position(|serving| serving.ticket == ticket) else { return false };
        let Serving { height, wants, .. } = self.serving.remove(at);
        match self.shown_to_light(bytes, height, wants) {
            Some(answer) => self.ground.reply(ticket, Status::Ok, &answer),
            None => self.ground.reply(ticket, Status::NotFound, &[]),
        }
        true
    }

    fn shown_to_light(&self, bytes: &[u8], height: u32, wants: Wants) -> Option<alloc::vec::Vec<u8>> {
        let (certificate, listed, rest) = Certificate::parts(bytes)?;
        let header = rest.get(listed..)?.get(..Header::BYTES)?;
        let state = self.ledger.state();
        let mut list = Writer::default();
        let key = match wants {
            Wants::Term => {
                list.bytes(rest.get(..listed)?);
                None
            }
            // Another block came while the shell looked: it is asked again.
            Wants::Newest { .. } if height != self.ledger.head().height => return None,
            Wants::Newest { lists, key } => {
                if lists {
                    state.voters().emit(&mut list);
                }
                key
            }
        };
        let mut writer = Writer::default();
        writer.u8((!list.is_empty()).into());
        certificate.emit(&mut writer);
        writer.bytes(&list.finish()).bytes(header);
        if let Some(key) = key {
            writer.bytes(&state.prove(&key).emit());
        }
        Some(writer.finish())
    }
}
