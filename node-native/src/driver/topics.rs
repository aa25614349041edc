//! Topics: which this node takes part in, and for whom.

use bytes::Bytes;
use tabmesh_engine::wire::topic::HEAD;
use tabmesh_engine::{Command, Duration, Input, Instant, NodeId, Status, TopicId};
use tokio::sync::broadcast;

use super::api::Said;
use super::state::{Driver, Topic};

/// Messages that a slow client may be behind: at most 512 KiB. Beyond it the client misses the oldest and is told so.
const BEHIND_MAX: usize = 64;

/// So long after it published, a node takes part in the topic without any client: other subscribers may have missed the
/// message, and ask for it.
const LINGER: Duration = Duration::from_ms(15_000);

impl Driver {
    /// One more client listens to a topic.
    pub(super) fn listen(&mut self, topic: TopicId) -> Result<broadcast::Receiver<Said>, Status> {
        Ok(self.take_part(topic)?.messages.subscribe())
    }

    /// Takes part in a topic for long enough to publish in it; how many clients take part.
    pub(super) fn linger(&mut self, topic: TopicId) -> Result<usize, Status> {
        let until = self.clock.now() + LINGER;
        let topic = self.take_part(topic)?;
        topic.until = until;
        Ok(topic.messages.receiver_count())
    }

    fn take_part(&mut self, id: TopicId) -> Result<&mut Topic, Status> {
        if !self.topics.contains_key(&id) {
            if self.topics.len() >= self.topics_max {
                self.leave_topics();
            }
            if self.topics.len() >= self.topics_max {
                return Err(Status::TooManyRequests);
            }
            // The engine has the same bound, and so takes it.
            let op = self.free_operation();
            self.tell(Input::Command(Command::Subscribe { op, topic: &id }));
        }
        Ok(self
            .topics
            .entry(id)
            .or_insert_with(|| Topic { messages: broadcast::Sender::new(BEHIND_MAX), until: Instant(0) }))
    }

    /// Takes part no longer where nobody listens any more.
    pub(super) fn leave_topics(&mut self) {
        let now = self.clock.now();
        let is_over = |topic: &Topic| topic.messages.receiver_count() == 0 && topic.until <= now;
        let over: Vec<TopicId> =
            self.topics.iter().filter(|(_, topic)| is_over(topic)).map(|(id, _)| *id).collect();
        for topic in &over {
            self.topics.remove(topic);
            self.tell(Input::Command(Command::Unsubscribe { topic }));
        }
    }

    /// A message came, or was sent.
    pub(super) fn on_published(&mut self, from: NodeId, id: [u8; 12], sent_ms: u64, bytes: &[u8]) {
        self.metrics.published.inc();
        self.memory.keep(id, bytes.to_vec());
        let (Some(topic), Some(payload)) = (bytes.first_chunk(), bytes.get(HEAD..)) else { return };
        if let Some(topic) = self.topics.get(TopicId::of(topic)) {
            // Nobody has to listen.
            let _ = topic.messages.send(Said { from, sent_ms, bytes: Bytes::copy_from_slice(payload) });
        }
    }
}
