//! `put` and `get`: streams between files and a node, with progress on the standard error.

use std::path::Path;

use super::args::{NodeArgs, TransferArgs};
use super::error::CliError;
use super::input;
use super::output::Sink;
use super::progress::Progress;
use super::show::{out_of_turn, print_json};
use crate::control::client::{Client, Piece};
use crate::control::{Done, Request};

pub(super) async fn put(file: &Path, transfer: &TransferArgs, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let (source, length) = input::open(file).await?;
    let progress = Progress::new(length, transfer.progress);
    let work = async {
        let client = Client::begin(&socket, Request::Put {}).await?;
        let placed = |done, begun| progress.set_message(format!("{done} of {begun} blocks placed"));
        client.put(source, |sent| progress.set_position(sent), placed).await
    };
    let result = tokio::select! {
        result = work => result.map_err(CliError::from),
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    };
    progress.finish();
    let done = result?;
    let Done::Put { cid, blocks, holders_min, partial, .. } = &done else { return Err(out_of_turn()) };
    if node.json {
        print_json(&done);
    } else {
        say!("{cid}");
    }
    if *holders_min == 0 {
        return Err(CliError::Alone);
    }
    if node.json {
        return Ok(());
    }
    let nodes = if *holders_min == 1 { "node" } else { "nodes" };
    note!("{blocks} blocks are placed; every one is on at least {holders_min} other {nodes}");
    if *partial > 0 {
        note!(
            "{partial} of them are on fewer nodes than they should be; put the file again when more are linked"
        );
    }
    Ok(())
}

pub(super) async fn get(
    cid: String,
    output: Option<&Path>,
    transfer: &TransferArgs,
    node: &NodeArgs,
) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let progress = Progress::new(None, transfer.progress);
    let mut sink = Sink::open(output).await?;
    let result = tokio::select! {
        result = receive(&socket, cid, &mut sink, &progress) => result,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    };
    progress.finish();
    match result {
        Ok(bytes) => {
            sink.keep().await?;
            if node.json && output.is_some() {
                print_json(&Done::Get { bytes });
            }
            Ok(())
        }
        Err(error) => {
            sink.discard().await;
            Err(error)
        }
    }
}

async fn receive(socket: &Path, cid: String, sink: &mut Sink, progress: &Progress) -> Result<u64, CliError> {
    let mut client = Client::begin(socket, Request::Get { cid }).await?;
    loop {
        match client.piece().await? {
            Piece::Size(size) => progress.set_length(size),
            Piece::Data(bytes) => {
                sink.write(&bytes).await?;
                progress.add(bytes.len() as u64);
            }
            Piece::End(bytes) => return Ok(bytes),
        }
    }
}
