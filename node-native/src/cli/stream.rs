//! `stream`: bytes between this node and another one, through standard input and output or a program.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tabmesh_engine::Status;
use tokio::io::{AsyncRead, ReadBuf, stdout};
use tokio::process::ChildStdout;
use tokio::task::JoinSet;

use super::args::NodeArgs;
use super::error::CliError;
use super::exec::{self, Running};
use super::input;
use super::lines::{short, until_enough, until_interrupted};
use super::places::{PROGRAMS_A_PEER, PROGRAMS_MAX, Places};
use crate::control::client::ClientError;
use crate::control::stream::Joined;

/// A node whose streams broke is asked again after this.
const AGAIN: Duration = Duration::from_secs(1);

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
            taken = Some(Joined::take(&socket, name, None, || note!("listening; Ctrl-C ends it")).await?);
            Ok(())
        };
        until_enough(waiting).await?;
        // Of a stream that is interrupted something is missing, which whoever uses its output is to know.
        return match taken {
            Some(joined) => until_interrupted(carry_by_hand(joined, input)).await,
            None => Ok(()),
        };
    }
    exec::look_up(&program)?;
    until_enough(listen_by_program(&socket, &name, &program)).await
}

async fn carry_by_hand(joined: Joined, input: tokio::io::Stdin) -> Result<(), CliError> {
    note!("a stream with {}", short(&joined.peer));
    match joined.carry(input, stdout()).await {
        // Whoever reads the output has read enough.
        Err(ClientError::Sink(broken)) if broken.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// As many streams are waited for as programs may run.
async fn listen_by_program(socket: &Path, name: &str, program: &[OsString]) -> Result<(), CliError> {
    let mut takers = JoinSet::new();
    let (places, waiting) = (Arc::new(Places::new()), Arc::new(AtomicUsize::new(0)));
    for _ in 0..PROGRAMS_MAX {
        let (socket, name, program) = (socket.to_owned(), name.to_owned(), program.to_vec());
        let (places, waiting) = (places.clone(), waiting.clone());
        takers.spawn(async move {
            let mut is_first = true;
            loop {
                // Told once, when all wait.
                let tell = || {
                    if is_first && waiting.fetch_add(1, Ordering::Relaxed) + 1 == PROGRAMS_MAX {
                        note!("listening; Ctrl-C ends it");
                    }
                };
                match Joined::take(&socket, name.clone(), Some(PROGRAMS_A_PEER), tell).await {
                    Ok(joined) => serve(joined, &program, &places).await,
                    Err(error) if is_passing(&error) => tokio::time::sleep(AGAIN).await,
                    Err(error) => return Err(error.into()),
                }
                is_first = false;
            }
        });
    }
    // None ends but because the node takes no streams any more: so it is for all.
    match takers.join_next().await {
        Some(Ok(result)) => result,
        _ => Ok(()),
    }
}

/// Whether the node may take streams again: its module was gone, or it stops and then is not there.
fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused(failure) if failure.code == Status::Unavailable as u16)
}

/// Gives a stream to a program. What becomes of one stream is no other's trouble.
async fn serve(joined: Joined, program: &[OsString], places: &Places) {
    let peer = joined.peer.clone();
    // The node keeps to the share; but programs may go on when their streams are over.
    let Some(_place) = places.try_enter(&peer) else {
        return note!("{} has {PROGRAMS_A_PEER} programs already; its stream is ended", short(&peer));
    };
    if let Err(error) = carry_by_program(joined, &peer, program).await {
        note!("the stream of {}: {error}", short(&peer));
    }
}

async fn carry_by_program(joined: Joined, peer: &str, program: &[OsString]) -> Result<(), CliError> {
    let (running, input, output) = Running::start(program, &[("TABMESH_PEER", peer)])?;
    match joined.carry(Said { running, output }, input).await {
        Ok(_) => {}
        Err(ClientError::Source(failed)) => {
            note!("the stream of {}: the program {}: {failed}", short(peer), program[0].display());
        }
        // A program that reads no further has read enough.
        Err(ClientError::Sink(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What a program says, to its very end: that of one that fails is an error, so its stream breaks, and the other end does not take what came
/// for all.
struct Said {
    running: Running,
    output: ChildStdout,
}

impl AsyncRead for Said {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        let status = ready!(pin!(self.running.end()).poll(cx));
        match status.filter(|status| !status.success()) {
            Some(status) => Poll::Ready(Err(io::Error::other(format!("it failed: {status}")))),
            None => Poll::Ready(Ok(())),
        }
    }
}
