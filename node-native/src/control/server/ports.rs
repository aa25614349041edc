//! Clients that ask, that answer, and that are modules of the node.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tabmesh_engine::limits::{MESSAGE_MAX, TELL_MAX};
use tabmesh_engine::{NodeId, Status};
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::answer::{Ended, Reader, done, failed, parse_id, read_whole, until_gone, write_in_time};
use crate::control::frame::{self, FrameError};
use crate::control::port::{News, Order};
use crate::control::{Answer, Done};
use crate::driver::{
    AttachError, Attachment, Handle, Message, PortCommand, PortEvent, Question, Speaker, Wish,
};
use crate::identity::hex;
use crate::sentences::Operation;

const LONG_QUESTION: &str = "a question has at most 32 KiB; put what is longer, and ask about its CID";
const LONG_ANSWER: &str = "an answer has at most 32 KiB; put what is longer, and answer its CID";
const LONG_TELL: &str = "what is told has at most 1 KiB; ask what is longer";

/// Asks the application at a node.
pub(super) async fn ask(
    handle: &Handle,
    to: NodeId,
    within_ms: u32,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let bytes = read_whole(reader, MESSAGE_MAX, LONG_QUESTION).await?;
    let wish = Wish::Ask { to, bytes, within: Duration::from_millis(within_ms.into()) };
    let outcome = until_gone(reader, handle.wish(wish)).await?;
    done(if outcome.is_told { Operation::Answer } else { Operation::Ask }, &outcome)?;
    frame::write_data(writer, &outcome.answer).await?;
    Ok(Done::Ask { bytes: outcome.answer.len() as u64, proven: outcome.is_proven })
}

/// Lets a client answer the questions to this node.
pub(super) async fn answer(
    handle: &Handle,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let questions = handle.questions().await.map_err(|error| match error {
        AttachError::Taken => failed(Status::TooManyRequests, ANSWERED),
        other => refused(other),
    })?;
    serve(questions.into_attachment(), reader, writer).await
}

const ANSWERED: &str = "another `tabmesh answer` runs at this node; end it first";

/// Lets a client be a module of the node.
pub(super) async fn attach(
    handle: &Handle,
    port: u32,
    version: u8,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let attachment = handle.attach(port, version).await.map_err(refused)?;
    serve(attachment, reader, writer).await
}

fn refused(error: AttachError) -> Ended {
    let status = match error {
        AttachError::Own | AttachError::NoVersion => Status::BadRequest,
        AttachError::Taken | AttachError::Full | AttachError::FullOfModules => Status::TooManyRequests,
        AttachError::Failed(_) | AttachError::NoRandom => Status::InternalError,
        AttachError::Stopping => Status::Unavailable,
    };
    failed(status, error.to_string())
}

/// The questions that a client has not answered yet, by their tickets. Those that are too late are forgotten when the next one comes.
#[derive(Default)]
struct Open(Mutex<HashMap<u32, Question>>);

impl Open {
    fn questions(&self) -> MutexGuard<'_, HashMap<u32, Question>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, ticket: u32, question: Question) {
        let (mut questions, now) = (self.questions(), Instant::now());
        questions.retain(|_, question| question.deadline >= now);
        questions.insert(ticket, question);
    }

    fn take(&self, ticket: u32) -> Option<Question> {
        self.questions().remove(&ticket)
    }
}

async fn serve(
    attachment: Attachment,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let open = Open::default();
    // The speaker is dropped first, and with it the port is closed: what was asked and not answered ends so, and not as a failure.
    let Attachment { mut events, speaker } = attachment;
    frame::write_header(writer, &Answer::Attached {}).await?;
    let (end, ended) = oneshot::channel();
    let orders = async {
        let _ = end.send(take_orders(&speaker, &open, reader).await);
        // What is being written is written to its end, or the client could not read why it ends.
        pending().await
    };
    tokio::select! {
        never = orders => never,
        ended = tell_news(&mut events, &open, ended, writer) => ended,
    }
}

/// Why it ended.
async fn take_orders(speaker: &Speaker, open: &Open, reader: &mut Reader) -> Ended {
    loop {
        if let Err(ended) = take_order(speaker, open, reader).await {
            return ended;
        }
    }
}

async fn take_order(speaker: &Speaker, open: &Open, reader: &mut Reader) -> Result<(), Ended> {
    let Some(order) = frame::read_header::<Order>(reader).await? else {
        return Err(FrameError::Io(std::io::ErrorKind::UnexpectedEof.into()).into());
    };
    let command = match order {
        Order::Tell { to } => {
            PortCommand::Tell { to: parse_id(&to)?, bytes: read_whole(reader, TELL_MAX, LONG_TELL).await? }
        }
        Order::Ask { op, to, within_ms } => {
            let (to, within) = (parse_id(&to)?, Duration::from_millis(within_ms.into()));
            let bytes = read_whole(reader, MESSAGE_MAX, LONG_QUESTION).await?;
            PortCommand::Ask { op, to, within, bytes }
        }
        Order::AskHere { op, port, within_ms } => {
            let bytes = read_whole(reader, MESSAGE_MAX, LONG_QUESTION).await?;
            PortCommand::AskHere { op, port, within: Duration::from_millis(within_ms.into()), bytes }
        }
        Order::Reply { ticket, code } => {
            let status = Status::from_code(code).ok_or_else(|| failed(Status::BadRequest, NO_STATUS))?;
            let bytes = read_whole(reader, MESSAGE_MAX, LONG_ANSWER).await?;
            if let Some(question) = open.take(ticket) {
                question.end(status, bytes);
            }
            return Ok(());
        }
        Order::Hold { ids } => {
            PortCommand::Hold(ids.iter().map(|id| parse_id(id)).collect::<Result<_, _>>()?)
        }
        Order::Cancel { op } => PortCommand::Cancel(op),
    };
    speaker.say(command).await;
    Ok(())
}

const NO_STATUS: &str = "an answer bears a status of tabmesh, such as 100 if it went well";

async fn tell_news(
    events: &mut mpsc::Receiver<PortEvent>,
    open: &Open,
    mut ended: oneshot::Receiver<Ended>,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let mut tickets = 0_u32;
    loop {
        let event = tokio::select! {
            Ok(ended) = &mut ended => return Err(ended),
            event = events.recv() => event,
        };
        let Some(event) = event else { return Err(failed(Status::Unavailable, DETACHED)) };
        tickets = tickets.wrapping_add(1);
        let (news, bytes) = news_of(event, tickets, open);
        write_in_time(write_news(writer, news, &bytes)).await?;
    }
}

const DETACHED: &str =
    "the port is closed: the node is stopping, or this program read too slowly what came; start it again";

async fn write_news(writer: &mut OwnedWriteHalf, news: News, bytes: &[u8]) -> Result<(), FrameError> {
    let has_data = news.has_data();
    frame::write_header(writer, &Answer::Heard(news)).await?;
    if has_data {
        frame::write_whole(writer, bytes).await?;
    }
    Ok(())
}

fn news_of(event: PortEvent, ticket: u32, open: &Open) -> (News, Bytes) {
    match event {
        PortEvent::Said(Message { from, is_proven, bytes }) => {
            (News::Said { from: hex(&from), proven: is_proven }, bytes)
        }
        PortEvent::Asked(question) => {
            let left = question.deadline.saturating_duration_since(Instant::now());
            let within_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
            let (from, here, proven) = (hex(&question.from), question.here, question.is_proven);
            let bytes = question.bytes.clone();
            open.keep(ticket, question);
            (News::Asked { ticket, from, here, proven, within_ms }, bytes)
        }
        PortEvent::Replied { op, status, is_proven, is_here, bytes } => {
            (News::Replied { op, code: status as u16, proven: is_proven, here: is_here }, bytes)
        }
        PortEvent::Peer { id, version } => (News::Peer { id: hex(&id), version }, Bytes::new()),
        PortEvent::Linked { id, rtt_us, is_relayed } => {
            (News::Up { id: hex(&id), rtt_us, relayed: is_relayed }, Bytes::new())
        }
        PortEvent::Unlinked { id, reason } => {
            (News::Down { id: hex(&id), reason: reason as u8 }, Bytes::new())
        }
    }
}
