//! `offer`: tasks of others at a running node.

use clap::Subcommand;

use super::args::NodeArgs;
use super::counted::counted;
use super::error::CliError;
use super::show::{ask, out_of_turn, print_json};
use crate::control::offer::{OfferLines, OfferWish};
use crate::control::{Done, Request};

#[derive(Subcommand, Debug)]
pub(super) enum OfferCommand {
    /// Run tasks of others from now on, until the node stops; --offer of `run` does so from the start
    #[command(allow_negative_numbers = true)]
    On {
        /// How many at a time; without, as the node's settings say
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
        cores: Option<u8>,
        /// Whose this node is, 1 to 32 bytes: nodes of one owner count as one where answers are checked
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        /// What a giga of gas costs at least; nothing is paid for tasks yet
        #[arg(long, value_name = "N", default_value_t = 0)]
        least_price: u64,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Run no more of them, and stop those that run
    Off {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Show what was done for others, and what is being done
    Status {
        #[command(flatten)]
        node: NodeArgs,
    },
}

pub(super) async fn offer(command: OfferCommand) -> Result<(), CliError> {
    let (wish, node) = match command {
        OfferCommand::On { cores, owner, least_price, node } => {
            (OfferWish::On { cores, owner, least_price }, node)
        }
        OfferCommand::Off { node } => (OfferWish::Off {}, node),
        OfferCommand::Status { node } => (OfferWish::Status {}, node),
    };
    let Done::Offer(lines) = ask(&node, Request::Offer(wish)).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&lines);
    } else {
        print(&lines);
    }
    Ok(())
}

fn print(lines: &OfferLines) {
    match &lines.offer {
        None => say!("offer     no: `tabmesh offer on` runs tasks of others"),
        Some(offer) => {
            let (memory, input) =
                (bytesize::ByteSize(offer.memory_bytes), bytesize::ByteSize(offer.input_bytes.into()));
            say!(
                "offer     {} at a time, each with {memory}, {input} of input, {} gas, {} s",
                offer.cores,
                offer.gas,
                offer.seconds
            );
            if let Some(owner) = &offer.owner {
                say!("owner     {owner}: nodes that say the same count as one where answers are checked");
            }
        }
    }
    if lines.offer.is_some() && !lines.announced {
        say!("          others are told once this node has joined the network and is settled there");
    }
    let all: u64 = lines.done.iter().map(|(_, count)| count).sum();
    let kinds: Vec<String> = lines.done.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    say!("done      {all}{kinds}");
    say!("gas       {}", lines.gas);
    for served in &lines.served {
        let tasks = counted(served.tasks as usize, "task");
        say!("for       {}  {tasks}, {} gas", served.requester, served.gas);
    }
    for batch in &lines.now {
        let tasks = counted(batch.tasks.into(), "task");
        say!("now       {}  {} of {tasks} done", batch.requester, batch.done);
    }
}
