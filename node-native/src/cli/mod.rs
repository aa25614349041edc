//! The command line.

#[macro_use]
mod says;

mod answer;
mod args;
mod ask;
mod counted;
mod error;
mod exec;
mod exit_code;
mod input;
mod job;
mod ledger;
mod lines;
mod module;
mod module_line;
mod offer;
mod output;
mod places;
mod progress;
mod run;
mod show;
mod stream;
mod task;
mod topic;
mod transfer;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use args::{NodeArgs, RunArgs, TransferArgs};
use clap::{CommandFactory, Parser, Subcommand};
use error::CliError;

/// A peer of the tabmesh network: run one, and use it.
#[derive(Parser, Debug)]
#[command(name = "tabmesh", version, after_help = EXIT_CODES, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0    done
  1    not done, for a reason of this host (file, disk, port)
  2    wrong command line, settings or request
  3    no node runs there
  4    no node has, or is, what was asked for
  5    the network did not answer, or the node is busy or alone
  6    the node's store is full
  7    the other node or a module refused, or failed at it
  11+  `tabmesh task`: how a task ended, 10 and the number of its status; `tabmesh job run`: 15
       and 17, the module cannot be a task
  130  interrupted";

const PRECEDENCE: &str = "Every setting can also be given as an environment variable (shown with each) or in a TOML \
file named by --config, under the name of its flag without the dashes before it. A flag beats the environment, which beats the file, \
which beats the default. An unknown key in the file is an error. Lists are written with commas in the environment and \
as arrays in the file.";

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a node until SIGINT or SIGTERM
    #[command(after_help = PRECEDENCE)]
    Run(RunArgs),
    /// Print the node's id; makes its key if there is none
    Id(RunArgs),
    /// Put a file on the mesh and print its CID
    Put {
        /// The file; - is the standard input
        file: PathBuf,
        #[command(flatten)]
        transfer: TransferArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Get a file by its CID
    Get {
        /// Its name, as `put` prints it
        cid: String,
        /// Where to write it; the standard output without
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        transfer: TransferArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// List the linked peers
    Peers {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Show how the node is
    Status {
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Find the nodes closest to an id
    Find {
        /// 64 hexadecimal digits
        id: String,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Send a message to a node, over as many hops as it takes
    Send {
        /// 64 hexadecimal digits
        id: String,
        /// At most 32 KiB
        text: String,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Ask whoever answers questions at a node, and print the answer as it is
    Ask {
        /// 64 hexadecimal digits
        id: String,
        /// At most 32 KiB; - is the standard input
        text: String,
        /// How long to wait for the answer, such as 500ms, 10s or 2m: at most 2 minutes
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = ask::within)]
        within: Duration,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Answer the questions to a node, by hand or by a program
    #[command(after_help = ANSWER)]
    Answer {
        /// The program that answers, and its arguments: whatever follows is theirs
        #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true)]
        exec: Vec<OsString>,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Check and run verifiable tasks on this host; needs no node
    Task {
        #[command(subcommand)]
        command: task::TaskCommand,
    },
    /// Have other nodes run tasks, compare what they say, and check receipts
    Job {
        #[command(subcommand)]
        command: job::JobCommand,
    },
    /// Send credits and see how the ledger is; make and check the file from which one begins, and check proofs
    Ledger {
        #[command(subcommand)]
        command: ledger::LedgerCommand,
    },
    /// Run tasks of others at a node, or stop that
    Offer {
        #[command(subcommand)]
        command: offer::OfferCommand,
    },
    /// Command the modules of a node, and follow what they tell
    Module {
        #[command(subcommand)]
        command: module::ModuleCommand,
    },
    /// Open a stream to a node, or take those that others open: bytes both ways
    Stream {
        #[command(subcommand)]
        command: StreamCommand,
    },
    /// Tell everybody who listens to a topic, or listen
    Topic {
        #[command(subcommand)]
        command: TopicCommand,
    },
}

const ANSWER: &str = "Without --exec each question is printed as one line: its number, the first 8 digits of the asker's id, and what it \
says, control characters escaped. A line of the standard input, a number and a text, answers that question; the end of the input ends \
the command. With --json a question is an object: `question`, `from`, `proven`, `within_ms`, and `text`, or `bytes` in hexadecimal if it is no \
UTF-8. With --exec each question is given to a process of its own: the question is its standard input, its standard output is the \
answer, at most 32 KiB, and an exit code other than 0 tells the asker that it failed. TABMESH_ASKER is the asker's id, and \
TABMESH_ASKER_PROVEN 1 if its own link brought the question; without that anybody can claim to be the asker. Four processes run at once, \
three for one asker at most, and for all whose links did not bring it; one that is too late is killed. One `answer` can run at a node. It ends with exit code 0 by Ctrl-C; questions that wait are told so.";

const TOPIC_SUB: &str = "Each message is one line: the first 8 digits of its sender's id, and what it says, control \
characters escaped. With --json it is an object: `from`, and `text`, or `bytes` in hexadecimal if it is no UTF-8; \
`missed` tells how many messages came faster than they were read. The node takes part in the topic for as long as the \
command runs. It ends with exit code 0, by Ctrl-C as well.";

#[derive(Subcommand, Debug)]
enum StreamCommand {
    /// Open a stream: the standard input goes there, and what comes from there to the standard output
    #[command(
        after_help = "The end of the input is passed on; the command ends once both ends have all. Exit code 4: nobody listens there for a \
stream of this name, 5: the node cannot be reached, or the stream broke, 130: Ctrl-C broke it."
    )]
    Open {
        /// 64 hexadecimal digits
        id: String,
        /// What is listened for there: 1 to 64 bytes
        name: String,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Take a stream that another node opens by this name, as `open` does; or all of them, each by a program of its own
    #[command(
        after_help = "With --exec each stream is given to a process of its own: what comes is its standard input, its standard output goes \
back. TABMESH_PEER is the id of the node at the other end, proven by its own link. Four run at once; further streams find nobody who \
listens, and a fourth of one node is refused. An exit code other than 0 breaks its stream, so that the other end does not take what came for all. The command goes on \
until Ctrl-C, which ends it with exit code 0, its processes and their streams. Without --exec Ctrl-C ends it with 0 while nobody has opened, with \
130 after that."
    )]
    Listen {
        /// 1 to 64 bytes
        name: String,
        /// The program, and its arguments: whatever follows is theirs
        #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true)]
        exec: Vec<OsString>,
        #[command(flatten)]
        node: NodeArgs,
    },
}

#[derive(Subcommand, Debug)]
enum TopicCommand {
    /// Tell everybody who listens to a topic
    #[command(
        after_help = "The command ends at once, with --lines at the end of the input. The node takes part in the topic for 15 seconds more, \
so that listeners who missed the message can ask for it. Exit code 5: no peer is linked and nobody listens at this node, so no node took it. \
That somebody among the linked peers listens is not known to the node."
    )]
    Pub {
        /// Name of the topic, 1 to 255 bytes
        name: String,
        /// At most 8 KiB; - is the standard input, as one message
        #[arg(required_unless_present = "lines")]
        text: Option<String>,
        /// Each line of the standard input is a message, told as it comes
        #[arg(long)]
        lines: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Print what is said in a topic, as it comes
    #[command(after_help = TOPIC_SUB)]
    Sub {
        /// Name of the topic, 1 to 255 bytes
        name: String,
        /// End after so many messages
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        count: Option<u64>,
        #[command(flatten)]
        node: NodeArgs,
    },
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result =
        run::runtime(matches!(cli.command, Command::Run(_))).map_err(CliError::Host).and_then(|runtime| {
            let result = runtime.block_on(dispatch(cli.command));
            // Nothing that still runs (a blocking read of the standard input, mostly) may hold the process up.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => match says::unwritten() {
            None => ExitCode::SUCCESS,
            Some(error) => {
                note!("tabmesh: the answer could not be written: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            note!("tabmesh: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

async fn dispatch(command: Command) -> Result<(), CliError> {
    match command {
        Command::Run(args) => run::run(args.settings()?, &unknown_variables()).await,
        Command::Id(args) => show::id(&args.settings()?),
        Command::Put { file, transfer, node } => transfer::put(&file, &transfer, &node).await,
        Command::Get { cid, output, transfer, node } => {
            transfer::get(cid, output.as_deref(), &transfer, &node).await
        }
        Command::Peers { node } => show::peers(&node).await,
        Command::Status { node } => show::status(&node).await,
        Command::Find { id, node } => show::find(id, &node).await,
        Command::Send { id, text, node } => show::send(id, text, &node).await,
        Command::Ask { id, text, within, node } => ask::ask(id, text, within, &node).await,
        Command::Answer { exec, node } => answer::answer(exec, &node).await,
        Command::Task { command } => task::dispatch(command).await,
        Command::Job { command } => job::dispatch(command).await,
        Command::Ledger { command } => ledger::dispatch(command).await,
        Command::Offer { command } => offer::offer(command).await,
        Command::Module { command } => module::dispatch(command).await,
        Command::Stream { command: StreamCommand::Open { id, name, node } } => {
            stream::open(id, name, &node).await
        }
        Command::Stream { command: StreamCommand::Listen { name, exec, node } } => {
            stream::listen(name, exec, &node).await
        }
        Command::Topic { command: TopicCommand::Pub { name, text, lines, node } } => match text {
            None => topic::publish_lines(name, &node).await,
            Some(text) if !lines => topic::publish(name, text, &node).await,
            Some(text) if text == "-" => topic::publish_lines(name, &node).await,
            Some(_) => Err(CliError::LinesOfText),
        },
        Command::Topic { command: TopicCommand::Sub { name, count, node } } => {
            topic::subscribe(name, count, &node).await
        }
    }
}

/// The environment variables that mean something; others that begin like ours are probably typing errors.
fn unknown_variables() -> Vec<String> {
    let command = Cli::command();
    let known: Vec<&std::ffi::OsStr> = command
        .get_subcommands()
        .flat_map(|sub| sub.get_arguments())
        .filter_map(|arg| arg.get_env())
        .collect();
    std::env::vars_os()
        .filter(|(name, _)| {
            name.to_string_lossy().starts_with("TABMESH_") && !known.contains(&name.as_os_str())
        })
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    //! The command line is sound and documents itself.

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_run_names_every_setting_and_its_variable() {
        let mut command = Cli::command();
        let run = command.find_subcommand_mut("run").expect("there");
        let help = run.render_long_help().to_string();
        for setting in [
            "data-dir",
            "network",
            "signalling",
            "peer",
            "listen",
            "announce",
            "quota",
            "module",
            "turn-credential",
        ] {
            assert!(help.contains(&format!("--{setting}")), "no --{setting} in\n{help}");
            let variable = format!("TABMESH_{}", setting.to_uppercase().replace('-', "_"));
            assert!(help.contains(&variable), "no {variable} in\n{help}");
        }
        assert!(help.contains("A flag beats the environment"), "{help}");
    }
}
