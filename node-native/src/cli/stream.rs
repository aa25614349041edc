//! `stream`: bytes between this node and another one, through standard input and output or a program.

use std::ffi::OsString;
use std::path::Path;

use tokio::io::stdout;
use tokio::task::JoinSet;

use super::args::NodeArgs;
use super::error::CliError;
use super::exec::Running;
use super::input;
use super::lines::{short, until_enough, until_interrupted};
use crate::control::client::ClientError;
use crate::control::stream::Joined;

/// Programs that run at once, and streams that are waited for.
const PROGRAMS_MAX: usize = 4;

/// Opens a stream, and carries the standard input there and what comes to the standard output.
pub(super) async fn open(id: String, name: String, node: &NodeArgs) -> Result<(), CliError> {
    let (socket, input) = (node.control_socket()?, input::standard()?);
    let work = async {
        let joined = Joined::open(&socket, id, name).await?;
        carry_by_hand(joined, input).await
    };
    until_interrupted(work).await
}

/// Takes streams that others open: one by hand, or each by a program of its own.
pub(super) async fn listen(name: String, program: Vec<OsString>, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    if program.is_empty() {
        let input = input::standard()?;
        let mut taken = None;
        let waiting = async {
            taken = Some(Joined::take(&socket, name, || eprintln!("listening; Ctrl-C ends it")).await?);
            Ok(())
        };
        until_enough(waiting).await?;
        // Of a stream that is interrupted something is missing, which whoever uses its output is to know.
        return match taken {
            Some(joined) => until_interrupted(carry_by_hand(joined, input)).await,
            None => Ok(()),
        };
    }
    until_enough(listen_by_program(&socket, &name, &program)).await
}

async fn carry_by_hand(joined: Joined, input: tokio::io::Stdin) -> Result<(), CliError> {
    eprintln!("a stream with {}", short(&joined.peer));
    match joined.carry(input, stdout()).await {
        // Whoever reads the output has read enough.
        Err(ClientError::Sink(broken)) if broken.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

async fn listen_by_program(socket: &Path, name: &str, program: &[OsString]) -> Result<(), CliError> {
    let mut places = JoinSet::new();
    for place in 0..PROGRAMS_MAX {
        let (socket, name, program) = (socket.to_owned(), name.to_owned(), program.to_vec());
        places.spawn(async move {
            let mut is_first = place == 0;
            loop {
                let tell = || {
                    if is_first {
                        eprintln!("listening; Ctrl-C ends it");
                    }
                };
                let joined = Joined::take(&socket, name.clone(), tell).await?;
                is_first = false;
                serve(joined, &program).await?;
            }
        });
    }
    // None ends but by an error, which ends them all.
    match places.join_next().await {
        Some(Ok(result)) => result,
        _ => Ok(()),
    }
}

/// Gives a stream to a program. What becomes of one stream is no other's trouble.
async fn serve(joined: Joined, program: &[OsString]) -> Result<(), CliError> {
    let peer = joined.peer.clone();
    let (mut running, input, output) = Running::start(program, &[("TABMESH_PEER", &peer)])?;
    match joined.carry(output, input).await {
        Ok(_) => {
            if let Some(status) = running.end().await.filter(|status| !status.success()) {
                eprintln!(
                    "the stream of {}: the program {} failed: {status}",
                    short(&peer),
                    program[0].display()
                );
            }
        }
        Err(ClientError::Refused(failure)) => {
            eprintln!("the stream of {}: {} (code {})", short(&peer), failure.message, failure.code);
        }
        // A program that reads no further has read enough.
        Err(ClientError::Sink(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
