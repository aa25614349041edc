//! `topic pub` and `topic sub`: telling the listeners of a topic, and being one.

use std::io::{self, ErrorKind};
use std::path::Path;

use serde_json::json;
use tabmesh_engine::limits::PUBLISH_MAX;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::args::NodeArgs;
use super::error::CliError;
use super::input;
use super::show::{out_of_turn, print_json};
use crate::control::client::{Client, Heard};
use crate::control::{Done, Request, SaidLine};

/// Publishes one message.
pub(super) async fn publish(topic: String, text: String, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let bytes = if text == "-" { read_input().await? } else { text.into_bytes() };
        publish_one(&socket, &topic, &bytes).await
    };
    let is_heard = until_interrupted(work).await?;
    if node.json {
        print_json(&json!({ "published": is_heard }));
    } else if is_heard {
        println!("published");
    }
    if is_heard { Ok(()) } else { Err(CliError::Unheard("it".to_owned())) }
}

/// Publishes each line of the standard input, as it comes.
pub(super) async fn publish_lines(topic: String, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let mut input = BufReader::new(input::standard()?);
    let (mut published, mut unheard) = (0, 0);
    let work = async {
        while let Some(line) = next_line(&mut input).await? {
            match publish_one(&socket, &topic, &line).await? {
                true => published += 1,
                false => unheard += 1,
            }
        }
        Ok(())
    };
    let ended = until_interrupted(work).await;
    if node.json {
        print_json(&json!({ "published": published, "unheard": unheard }));
    } else {
        println!("{published} published");
    }
    ended?;
    if unheard == 0 { Ok(()) } else { Err(CliError::Unheard(format!("{unheard} of the messages"))) }
}

/// Whether anybody can have taken the message.
async fn publish_one(socket: &Path, topic: &str, bytes: &[u8]) -> Result<bool, CliError> {
    if bytes.len() > PUBLISH_MAX {
        return Err(CliError::TooLong);
    }
    let client = Client::begin(socket, Request::Publish { topic: topic.to_owned() }).await?;
    let Done::Publish { reached } = client.publish(bytes).await? else { return Err(out_of_turn()) };
    Ok(reached > 0)
}

async fn until_interrupted<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    }
}

/// The next line without its end, read no further than one byte beyond what is allowed; `None` at the end.
async fn next_line(input: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Vec<u8>>, CliError> {
    let mut line = Vec::new();
    // An end of two bytes, and one byte too many.
    let mut bounded = input.take(PUBLISH_MAX as u64 + 3);
    if bounded.read_until(b'\n', &mut line).await.map_err(unreadable)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
    Ok(Some(line))
}

fn unreadable(source: io::Error) -> CliError {
    CliError::File { path: "standard input".into(), source }
}

/// The standard input, up to one byte more than is allowed.
async fn read_input() -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let mut input = input::standard()?.take(PUBLISH_MAX as u64 + 1);
    input.read_to_end(&mut bytes).await.map_err(unreadable)?;
    Ok(bytes)
}

pub(super) async fn subscribe(topic: String, count: Option<u64>, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    tokio::select! {
        result = listen(&socket, topic, count, node.json) => result,
        // There is no other end to a stream.
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn listen(socket: &Path, topic: String, count: Option<u64>, json: bool) -> Result<(), CliError> {
    let mut client = Client::begin(socket, Request::Listen { topic }).await?;
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let printed = match client.heard().await? {
            Heard::Listening => {
                eprintln!("listening; Ctrl-C ends it");
                Ok(())
            }
            Heard::Said(said) => {
                left -= 1;
                print(if json { json!(said).to_string() } else { line(&said) }).await
            }
            Heard::Missed(missed) if json => print(json!({ "missed": missed }).to_string()).await,
            Heard::Missed(missed) => {
                eprintln!("{missed} messages were missed: they came faster than they were read");
                Ok(())
            }
        };
        match printed {
            // Whoever read this has had enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(source) => return Err(CliError::File { path: "standard output".into(), source }),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// One line, at once. A reader that does not read holds up only this, and Ctrl-C ends it all the same.
async fn print(mut line: String) -> io::Result<()> {
    line.push('\n');
    let mut output = tokio::io::stdout();
    output.write_all(line.as_bytes()).await?;
    output.flush().await
}

/// One message as one line that cannot move a terminal's cursor or pass for two messages.
fn line(said: &SaidLine) -> String {
    let from = said.from.get(..8).unwrap_or(&said.from);
    let mut line = format!("{from}  ");
    match (&said.text, &said.bytes) {
        (Some(text), _) => {
            for character in text.chars() {
                if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
                    line.extend(character.escape_default());
                } else {
                    line.push(character);
                }
            }
        }
        (None, Some(bytes)) => line.push_str(&format!("{} bytes: {bytes}", bytes.len() / 2)),
        (None, None) => {}
    }
    line
}

#[cfg(test)]
mod tests {
    //! What strangers say is shown as one harmless line, and lines of the input are read whole and within their bound.

    use super::*;

    #[tokio::test]
    async fn lines_end_as_they_do_on_any_system_and_have_a_bound() {
        let most = "x".repeat(PUBLISH_MAX);
        let text = format!("one\ntwo\r\n\n{most}\r\n{most}x\nlast");
        let mut input = text.as_bytes();
        for expected in ["one", "two", "", &most] {
            let line = next_line(&mut input).await.expect("read").expect("a line");
            assert_eq!(String::from_utf8(line).expect("text"), expected);
        }
        let long = next_line(&mut input).await.expect("read").expect("a line");
        assert_eq!(long.len(), PUBLISH_MAX + 1);
        assert_eq!(next_line(&mut input).await.expect("read"), Some(b"last".to_vec()));
        assert_eq!(next_line(&mut input).await.expect("read"), None);
    }

    #[test]
    fn a_message_is_one_line_whatever_it_says() {
        let said = |text: Option<&str>, bytes: Option<&str>| SaidLine {
            from: "0123456789abcdef".repeat(4),
            text: text.map(str::to_owned),
            bytes: bytes.map(str::to_owned),
        };
        assert_eq!(line(&said(Some("häuser 🏠"), None)), "01234567  häuser 🏠");
        assert_eq!(line(&said(Some("a\nb\u{1b}[2J\u{9b}"), None)), "01234567  a\\nb\\u{1b}[2J\\u{9b}");
        assert_eq!(line(&said(Some(""), None)), "01234567  ");
        assert_eq!(line(&said(None, Some("ff00"))), "01234567  2 bytes: ff00");
    }
}
