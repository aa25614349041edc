//! Publishing in topics, and listening to them.

use std::time::Duration;

use tabmesh_engine::limits::PUBLISH_MAX;
use tabmesh_engine::{Status, TopicId};
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast};
use tokio::time::{Instant, sleep};

use super::answer::{Ended, Reader, done, failed, read_whole, stopping, until_gone, write_in_time};
use crate::control::frame;
use crate::control::{Answer, Done, SaidLine};
use crate::driver::{Handle, Outcome, Said, Wish, topic_id};
use crate::identity::{hex, hex_of};
use crate::sentences::Operation;

/// Clients that listen at once. Further ones are refused, so that connections stay free for other requests.
const LISTENERS_MAX: usize = 16;

/// A message that comes too fast for those that this node is linked to is tried again after this, for at most that long.
const ROOM_AGAIN: Duration = Duration::from_millis(20);
const ROOM_MAX: Duration = Duration::from_secs(30);

/// The topics of a node, for its clients.
pub(super) struct Topics {
    handle: Handle,
    listeners: Semaphore,
}

impl Topics {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, listeners: Semaphore::new(LISTENERS_MAX) }
    }

    pub(super) async fn publish(&self, topic: &str, reader: &mut Reader) -> Result<Done, Ended> {
        let topic = parse_topic(topic)?;
        let bytes = read_whole(reader, PUBLISH_MAX, TOO_LONG).await?;
        // Takes part first: a node that cannot says so at once.
        let part = self.handle.listen(topic).await.map_err(not_listening)?;
        let outcome = until_gone(reader, self.publish_in_time(topic, bytes)).await?;
        drop(part);
        done(Operation::Publish, &outcome)?;
        // This client has a part of its own.
        Ok(Done::Publish { reached: outcome.reached.saturating_sub(1) })
    }

    /// Publishes as soon as those that this node is linked to can take it in.
    async fn publish_in_time(&self, topic: TopicId, bytes: Vec<u8>) -> Outcome {
        let begun = Instant::now();
        loop {
            let outcome = self.handle.wish(Wish::Publish { topic, bytes: bytes.clone() }).await;
            if outcome.status != Status::TooManyRequests || begun.elapsed() >= ROOM_MAX {
                return outcome;
            }
            sleep(ROOM_AGAIN).await;
        }
    }

    /// Tells what is said in a topic until the client closes.
    pub(super) async fn listen(
        &self,
        topic: &str,
        reader: &mut Reader,
        writer: &mut OwnedWriteHalf,
    ) -> Result<Done, Ended> {
        let topic = parse_topic(topic)?;
        let Ok(_place) = self.listeners.try_acquire() else {
            let message =
                format!("{LISTENERS_MAX} commands listen to topics of this node already; end one first");
            return Err(failed(Status::TooManyRequests, message));
        };
        let messages = self.handle.listen(topic).await.map_err(not_listening)?;
        until_gone(reader, tell(messages, writer)).await?
    }
}

async fn tell(mut messages: broadcast::Receiver<Said>, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
    frame::write_header(writer, &Answer::Listening {}).await?;
    loop {
        let answer = match messages.recv().await {
            Ok(said) => Answer::Said(line(&said)),
            Err(RecvError::Lagged(count)) => Answer::Missed(count),
            Err(RecvError::Closed) => return Err(stopping()),
        };
        write_in_time(frame::write_header(writer, &answer)).await?;
    }
}

const TOO_LONG: &str = "a message of a topic has at most 8 KiB; put what is longer, and publish its CID";

fn not_listening(status: Status) -> Ended {
    if status == Status::TooManyRequests { too_many_topics() } else { stopping() }
}

fn too_many_topics() -> Ended {
    let message = "the node takes part in as many topics as it can already; end a `tabmesh topic sub`, or wait 15 seconds after a \
                   `tabmesh topic pub`";
    failed(Status::TooManyRequests, message)
}

fn parse_topic(name: &str) -> Result<TopicId, Ended> {
    topic_id(name).ok_or_else(|| failed(Status::BadRequest, "the name of a topic has 1 to 255 bytes"))
}

fn line(said: &Said) -> SaidLine {
    let text = std::str::from_utf8(&said.bytes).ok().map(str::to_owned);
    let bytes = text.is_none().then(|| hex_of(&said.bytes));
    SaidLine { from: hex(&said.from), text, bytes }
}

#[cfg(test)]
mod tests {
    //! Whatever a message says, its header is short enough to be sent.

    use bytes::Bytes;

    use super::*;
    use tabmesh_engine::NodeId;

    #[tokio::test]
    async fn the_longest_message_fits_a_header() {
        for byte in [b'a', 0x01, 0x7f, 0xff] {
            let said =
                Said { from: NodeId([7; 32]), sent_ms: 0, bytes: Bytes::from(vec![byte; PUBLISH_MAX]) };
            let line = line(&said);
            assert_eq!(line.text.is_some(), byte != 0xff);
            frame::write_header(&mut Vec::new(), &Answer::Said(line)).await.expect("it fits");
        }
    }
}
