//! `topic pub` and `topic sub`: telling the listeners of a topic, and being one.

use std::path::Path;

use serde_json::json;
use tabmesh_engine::limits::PUBLISH_MAX;
use tokio::io::BufReader;

use super::args::NodeArgs;
use super::error::CliError;
use super::input;
use super::lines::{is_read, next_line, print, short, shown, text_or_input, until_enough, until_interrupted};
use super::show::{out_of_turn, print_json};
use crate::control::client::{Client, Heard};
use crate::control::{Done, Request, SaidLine};

/// Publishes one message.
pub(super) async fn publish(topic: String, text: String, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let bytes = text_or_input(text, PUBLISH_MAX).await?;
        publish_one(&socket, &topic, &bytes).await
    };
    let is_heard = until_interrupted(work).await?;
    if node.json {
        print_json(&json!({ "published": is_heard }));
    } else if is_heard {
        say!("published");
    }
    if is_heard { Ok(()) } else { Err(CliError::Unheard("it".to_owned())) }
}

/// Publishes each line of the standard input, as it comes.
pub(super) async fn publish_lines(topic: String, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let mut input = BufReader::new(input::standard()?);
    let (mut published, mut unheard) = (0, 0);
    let work = async {
        while let Some(line) = next_line(&mut input, PUBLISH_MAX).await? {
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
        say!("{published} published");
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
    let Done::Publish { reached } = client.tell(bytes).await? else { return Err(out_of_turn()) };
    Ok(reached > 0)
}

pub(super) async fn subscribe(topic: String, count: Option<u64>, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    until_enough(listen(&socket, topic, count, node.json)).await
}

async fn listen(socket: &Path, topic: String, count: Option<u64>, json: bool) -> Result<(), CliError> {
    let mut client = Client::begin(socket, Request::Listen { topic }).await?;
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let printed = match client.heard().await? {
            Heard::Listening => {
                note!("listening; Ctrl-C ends it");
                Ok(())
            }
            Heard::Said(said) => {
                left -= 1;
                print(if json { json!(said).to_string() } else { line(&said) }).await
            }
            Heard::Event(_) => return Err(out_of_turn()),
            Heard::Missed(missed) if json => print(json!({ "missed": missed }).to_string()).await,
            Heard::Missed(missed) => {
                note!("{missed} messages were missed: they came faster than they were read");
                Ok(())
            }
        };
        if !is_read(printed)? {
            break;
        }
    }
    Ok(())
}

/// One message as one line that cannot move a terminal's cursor or pass for two messages.
fn line(said: &SaidLine) -> String {
    format!("{}  {}", short(&said.from), shown(said.text.as_deref(), said.bytes.as_deref()))
}

#[cfg(test)]
mod tests {
    //! A message is shown as one line, with its sender.

    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_says() {
        let said = |text: Option<&str>, bytes: Option<&str>| SaidLine {
            from: "0123456789abcdef".repeat(4),
            text: text.map(str::to_owned),
            bytes: bytes.map(str::to_owned),
        };
        assert_eq!(line(&said(Some("a\nb"), None)), "01234567  a\\nb");
        assert_eq!(line(&said(None, Some("ff00"))), "01234567  2 bytes: ff00");
    }
}
