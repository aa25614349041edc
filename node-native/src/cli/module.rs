//! `module`: the modules of a node itself, commanded and listened to.

use std::io;

use clap::Subcommand;
use serde_json::json;

use super::args::NodeArgs;
use super::error::CliError;
use super::lines::{is_read, print, text_or_input, until_enough, until_interrupted, write};
use super::module_line::line;
use super::show::{ask, out_of_turn, print_json};
use crate::control::client::{Client, Heard};
use crate::control::{Done, Request};
use crate::driver::COMMAND_MAX;
use crate::identity::hex_of;

#[derive(Subcommand, Debug)]
pub(super) enum ModuleCommand {
    /// List the modules of the node: port, whether it runs, name
    List {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Hand a command to a module, in the form that it knows
    Command {
        /// Its name, as `tabmesh run --module` gave it
        name: String,
        /// The command in hexadecimal, at most 64 KiB; - is the standard input, as it is
        #[arg(required_unless_present = "text")]
        hex: Option<String>,
        /// The command as a text
        #[arg(long, conflicts_with = "hex")]
        text: Option<String>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print what a module tells, as it comes: one event a line, in hexadecimal
    #[command(
        after_help = "With --json each event is an object with its `bytes` in hexadecimal; `missed` tells how many events came faster than \
they were read. A module that fails ends the command with exit code 7, Ctrl-C with 0."
    )]
    Events {
        /// Its name, as `tabmesh run --module` gave it
        name: String,
        /// End after so many events
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        count: Option<u64>,
        /// Print each as it is, one after the other
        #[arg(long, conflicts_with = "json")]
        raw: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
}

pub(super) async fn dispatch(wanted: ModuleCommand) -> Result<(), CliError> {
    match wanted {
        ModuleCommand::List { node } => list(&node).await,
        ModuleCommand::Command { name, hex, text, node } => {
            let bytes = match text {
                Some(text) => Bytes::Text(text),
                None => Bytes::Hex(hex.unwrap_or_default()),
            };
            command(name, bytes, &node).await
        }
        ModuleCommand::Events { name, count, raw, node } => events(name, count, raw, &node).await,
    }
}

/// What a command to a module says.
enum Bytes {
    Hex(String),
    Text(String),
}

async fn list(node: &NodeArgs) -> Result<(), CliError> {
    let Done::Modules(modules) = ask(node, Request::Modules {}).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&modules);
    } else if modules.is_empty() {
        say!("no modules are attached; `tabmesh run --module NAME=PATH` attaches one");
    } else {
        modules.iter().for_each(|module| say!("{}", line(module)));
    }
    Ok(())
}

/// Hands a command to a module.
async fn command(module: String, bytes: Bytes, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let bytes = read(bytes).await?;
        if bytes.len() > COMMAND_MAX {
            return Err(CliError::LongCommand);
        }
        let client = Client::begin(&socket, Request::Command { module }).await?;
        Ok(client.tell(&bytes).await?)
    };
    let Done::Command {} = until_interrupted(work).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&json!({ "done": true }));
    } else {
        say!("done");
    }
    Ok(())
}

async fn read(bytes: Bytes) -> Result<Vec<u8>, CliError> {
    match bytes {
        Bytes::Text(text) => Ok(text.into_bytes()),
        Bytes::Hex(hex) if hex == "-" => text_or_input(hex, COMMAND_MAX).await,
        Bytes::Hex(hex) => from_hex(&hex).ok_or(CliError::NoHex),
    }
}

/// Two digits a byte.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4 | digit(*low)?) as u8);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// Prints what a module tells.
async fn events(module: String, count: Option<u64>, is_raw: bool, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let mut client = Client::begin(&socket, Request::Follow { module }).await?;
        let mut left = count.unwrap_or(u64::MAX);
        while left > 0 {
            let heard = client.heard().await?;
            left -= u64::from(matches!(heard, Heard::Event(_)));
            if !is_read(show(heard, is_raw, node.json).await?)? {
                break;
            }
        }
        Ok(())
    };
    until_enough(work).await
}

async fn show(heard: Heard, is_raw: bool, json: bool) -> Result<io::Result<()>, CliError> {
    Ok(match heard {
        Heard::Listening => {
            note!("listening; Ctrl-C ends it");
            Ok(())
        }
        Heard::Event(bytes) if is_raw => write(&bytes).await,
        Heard::Event(bytes) if json => print(json!({ "bytes": hex_of(&bytes) }).to_string()).await,
        Heard::Event(bytes) => print(hex_of(&bytes)).await,
        Heard::Missed(missed) if json => print(json!({ "missed": missed }).to_string()).await,
        Heard::Missed(missed) => {
            note!("{missed} events were missed: they came faster than they were read");
            Ok(())
        }
        Heard::Said(_) => return Err(out_of_turn()),
    })
}

#[cfg(test)]
mod tests {
    //! Bytes are pairs of digits.

    use super::*;

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(from_hex(""), Some(Vec::new()));
        assert_eq!(from_hex("00fFa1"), Some(vec![0, 255, 161]));
        for text in ["0", "0g", "+1", "0x00", "ää", " 0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}
