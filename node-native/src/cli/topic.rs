//! `topic pub` and `topic sub`: telling the listeners of a topic, and being one.

use std::io::{self, ErrorKind};
use std::path::Path;

use serde_json::json;
use tabmesh_engine::limits::PUBLISH_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::args::NodeArgs;
use super::error::CliError;
use super::input;
use super::show::{out_of_turn, print_json};
use crate::control::client::{Client, Heard};
use crate::control::{Done, Request, SaidLine};

pub(super) async fn publish(topic: String, text: String, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let bytes = if text == "-" { read_input().await? } else { text.into_bytes() };
        if bytes.len() > PUBLISH_MAX {
            return Err(CliError::TooLong);
        }
        Ok(Client::begin(&socket, Request::Publish { topic }).await?.publish(&bytes).await?)
    };
    let done = tokio::select! {
        done = work => done?,
        _ = tokio::signal::ctrl_c() => return Err(CliError::Interrupted),
    };
    let Done::Publish {} = done else { return Err(out_of_turn()) };
    if node.json {
        print_json(&json!({ "published": true }));
    } else {
        println!("published");
    }
    Ok(())
}

/// The standard input, up to one byte more than is allowed.
async fn read_input() -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let mut input = input::standard()?.take(PUBLISH_MAX as u64 + 1);
    input
        .read_to_end(&mut bytes)
        .await
        .map_err(|source| CliError::File { path: "standard input".into(), source })?;
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
    //! What strangers say is shown as one harmless line.

    use super::*;

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
