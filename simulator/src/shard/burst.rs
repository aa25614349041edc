//! Applications that publish: one message, or a burst of them.
//!
//! A burst goes as the package has it go: one message at a time is with the engine; what comes too fast is tried again every 20 ms, and
//! given up after a minute.

use tabmesh_engine::{Command, Input, OpId, Status};

use super::Shard;
use crate::crypto::Crypto;
use crate::event::{News, NodeNumber, What, Wish};
use crate::ground::Ground;
use crate::payload;

/// The engine's operations of a burst are those from here on: this and the payload's number.
const OPS: u32 = 1 << 31;

/// From the end of one operation to the next: a promise is resolved and the page's script runs.
const TURN_US: u64 = 100;

/// What comes too fast is tried again after this, so many times.
const AGAIN_US: u64 = 20_000;
const TRIES_MAX: u32 = 3_000;

impl<C: Crypto> Shard<C> {
    pub(super) fn publish(&mut self, ground: &Ground, node: NodeNumber, op: OpId, number: u32) {
        let bytes = payload::make(ground.seed, number, ground.topic_bytes);
        let command = Command::Publish { op, topic: &ground.topic, bytes: &bytes };
        self.feed(ground, node, Input::Command(command));
    }

    /// Publishes the next message of a burst.
    pub(super) fn go_on(&mut self, ground: &Ground, node: NodeNumber) {
        let at = self.at(node);
        let Some(burst) = self.shells[at].burst else { return };
        if burst.next >= burst.end {
            self.shells[at].burst = None;
            return;
        }
        if burst.refused == 0 {
            self.note(node, News::Says(burst.next));
        }
        self.publish(ground, node, OpId(OPS | burst.next), burst.next);
    }

    /// An operation ended; true if it was one of a burst.
    pub(super) fn is_of_burst(
        &mut self,
        ground: &Ground,
        node: NodeNumber,
        op: OpId,
        status: Status,
    ) -> bool {
        if op.0 & OPS == 0 {
            return false;
        }
        let at = self.at(node);
        let shell = &mut self.shells[at];
        let Some(burst) = &mut shell.burst else { return true };
        let mut wait_us = TURN_US;
        if status == Status::TooManyRequests && burst.refused < TRIES_MAX {
            burst.refused += 1;
            wait_us = AGAIN_US;
        } else {
            let number = burst.next;
            (burst.next, burst.refused) = (number + 1, 0);
            self.note(node, News::Said { number, status });
        }
        let what = What::order(self.shells[at].life, op, Wish::GoOn);
        self.cause(ground, node, node, self.now + wait_us, what);
        true
    }
}
