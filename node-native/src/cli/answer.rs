//! `answer`: answering the questions to a node, by a person or by a program.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use tabmesh_engine::Status;
use tabmesh_engine::limits::MESSAGE_MAX;
use tokio::io::BufReader;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::args::NodeArgs;
use super::error::CliError;
use super::exec::{self, Asked};
use super::input;
use super::lines::{in_json, is_read, next_line, print, short, shown, until_enough};
use super::places::Places;
use super::show::out_of_turn;
use crate::control::module::{Module, NewsReader, OrderWriter};
use crate::control::port::{News, Order};
use crate::identity::hex_of;

/// All whose own links did not bring the question share the places of one asker: they may be anybody.
const UNPROVEN: &str = "";

/// Answers that may wait to be said. Programs wait at the bound.
const ANSWERS_MAX: usize = 16;

/// The number of a question and a space before its answer.
const NUMBER_MAX: usize = 11;

pub(super) async fn answer(program: Vec<OsString>, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let is_by_hand = program.is_empty();
    if !is_by_hand {
        exec::look_up(&program)?;
    }
    let input = if is_by_hand { Some(input::standard()?) } else { None };
    let work = async {
        let module = Module::answer(&socket).await?;
        note!("answering; Ctrl-C ends it");
        match input {
            Some(input) => by_hand(module, BufReader::new(input), node.json).await,
            None => by_program(module, program).await,
        }
    };
    until_enough(work).await
}

/// The next question, and what names it to the node.
async fn next_question(news: &mut NewsReader) -> Result<(u32, Asked), CliError> {
    let (news, bytes) = news.next().await?;
    let News::Asked { ticket, from, proven, within_ms, .. } = news else { return Err(out_of_turn()) };
    let deadline = Instant::now() + Duration::from_millis(within_ms.into());
    Ok((ticket, Asked { from, is_proven: proven, deadline, bytes }))
}

async fn reply(orders: &mut OrderWriter, ticket: u32, status: Status, answer: &[u8]) -> Result<(), CliError> {
    Ok(orders.say(&Order::Reply { ticket, code: status as u16 }, answer).await?)
}

/// Gives each question to a program of its own. Where there are too many, questions wait, within their time.
async fn by_program(module: Module, program: Vec<OsString>) -> Result<(), CliError> {
    let Module { mut news, mut orders } = module;
    let (program, places) = (Arc::new(program), Arc::new(Places::new()));
    let (ended, mut endings) = mpsc::channel(ANSWERS_MAX);
    // Dropped with this: no program outlives the command.
    let mut programs = JoinSet::new();
    let hear = async {
        loop {
            let (ticket, asked) = next_question(&mut news).await?;
            let (program, places, ended) = (program.clone(), places.clone(), ended.clone());
            // The node lets no more wait than it has places for.
            programs.spawn(async move {
                let deadline = asked.deadline;
                let answering = async {
                    let asker = if asked.is_proven { &asked.from } else { UNPROVEN };
                    let _place = places.enter(asker).await;
                    exec::run(&program, asked).await
                };
                if let Ok(ending) = tokio::time::timeout_at(deadline, answering).await {
                    let _ = ended.send((ticket, ending)).await;
                }
            });
            while programs.try_join_next().is_some() {}
        }
    };
    let speak = async {
        while let Some((ticket, ending)) = endings.recv().await {
            match ending {
                Some(answer) => reply(&mut orders, ticket, Status::Ok, &answer).await?,
                None => reply(&mut orders, ticket, Status::InternalError, &[]).await?,
            }
        }
        Ok(())
    };
    tokio::select! {
        result = hear => result,
        result = speak => result,
    }
}

/// Shows each question as a line, and takes lines of the input for answers.
async fn by_hand(module: Module, mut input: BufReader<tokio::io::Stdin>, json: bool) -> Result<(), CliError> {
    let Module { mut news, mut orders } = module;
    let open = RefCell::new(HashMap::new());
    let hear = async {
        loop {
            let (number, asked) = next_question(&mut news).await?;
            let now = Instant::now();
            open.borrow_mut().retain(|_, deadline| *deadline >= now);
            open.borrow_mut().insert(number, asked.deadline);
            let line = if json { json_line(number, &asked) } else { line(number, &asked) };
            if !is_read(print(line).await)? {
                return Ok(());
            }
        }
    };
    let speak = async {
        while let Some(line) = next_line(&mut input, NUMBER_MAX + MESSAGE_MAX).await? {
            let Some((number, answer)) = answered(&line) else {
                note!("an answer is a line with the number of its question, a space, and what to say");
                continue;
            };
            if answer.len() > MESSAGE_MAX {
                return Err(CliError::LongAnswer);
            }
            let deadline = open.borrow_mut().remove(&number);
            match deadline.filter(|deadline| *deadline >= Instant::now()) {
                Some(_) => reply(&mut orders, number, Status::Ok, answer).await?,
                None => note!("no question {number} waits for an answer"),
            }
        }
        Ok(())
    };
    tokio::select! {
        result = hear => result,
        result = speak => result,
    }
}

/// The number of a question, and its answer.
fn answered(line: &[u8]) -> Option<(u32, &[u8])> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let number = std::str::from_utf8(&line[..end]).ok()?.parse().ok()?;
    Some((number, line.get(end + 1..).unwrap_or_default()))
}

fn line(number: u32, asked: &Asked) -> String {
    let text = std::str::from_utf8(&asked.bytes).ok();
    let bytes = text.is_none().then(|| hex_of(&asked.bytes));
    format!("{number}  {}  {}", short(&asked.from), shown(text, bytes.as_deref()))
}

fn json_line(number: u32, asked: &Asked) -> String {
    let within_ms = asked.deadline.saturating_duration_since(Instant::now()).as_millis() as u64;
    let object = [
        ("question", number.into()),
        ("from", asked.from.clone().into()),
        ("proven", asked.is_proven.into()),
        ("within_ms", within_ms.into()),
    ];
    let object = object.into_iter().map(|(name, value)| (name.to_owned(), value));
    in_json(Map::from_iter(object), &asked.bytes).to_string()
}

#[cfg(test)]
mod tests {
    //! An answer is a number, and the rest of the line as it is.

    use super::*;

    #[test]
    fn an_answer_is_a_number_and_the_rest_of_the_line() {
        assert_eq!(answered(b"7 yes, that"), Some((7, &b"yes, that"[..])));
        assert_eq!(answered(b"7  two"), Some((7, &b" two"[..])));
        for line in [&b"7"[..], b"7 "] {
            assert_eq!(answered(line), Some((7, &b""[..])));
        }
        for line in [&b""[..], b" 7 no", b"yes", b"-1 no", b"4294967296 no", b"\xff no"] {
            assert_eq!(answered(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_question_is_one_line_that_begins_with_its_number() {
        let asked = |bytes: &[u8]| Asked {
            from: "0123456789abcdef".repeat(4),
            is_proven: true,
            deadline: Instant::now(),
            bytes: bytes.to_vec(),
        };
        assert_eq!(line(3, &asked(b"a\nb")), "3  01234567  a\\nb");
        assert_eq!(line(4, &asked(b"\xff\x00")), "4  01234567  2 bytes: ff00");
    }
}
