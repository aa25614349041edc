//! `put` and `get`: streams between files and a node, with progress on the standard error.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::progress::Progress;
use super::show::{out_of_turn, print_json};
use super::{CliError, NodeArgs, TransferArgs};
use crate::control::client::{Client, Piece};
use crate::control::{Done, Request};

pub(super) async fn put(file: &Path, transfer: &TransferArgs, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let (source, length) = open(file).await?;
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
    if node.json {
        print_json(&done);
        return Ok(());
    }
    let Done::Put { cid, blocks, holders_min, partial, .. } = done else { return Err(out_of_turn()) };
    println!("{cid}");
    eprintln!("{blocks} blocks are placed; every one is on at least {holders_min} nodes");
    if partial > 0 {
        eprintln!(
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

async fn open(path: &Path) -> Result<(Box<dyn AsyncRead + Unpin>, Option<u64>), CliError> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let broken = |source| CliError::File { path: path.to_owned(), source };
    let file = File::open(path).await.map_err(broken)?;
    let metadata = file.metadata().await.map_err(broken)?;
    if metadata.is_dir() {
        return Err(broken(std::io::ErrorKind::IsADirectory.into()));
    }
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

/// Where contents are written to. A file appears under its name only when it is whole.
pub(super) struct Sink {
    writer: Box<dyn AsyncWrite + Unpin>,
    /// The name while it is not whole, and the name it will have.
    file: Option<(PathBuf, PathBuf)>,
}

impl Sink {
    pub(super) async fn open(output: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = output else {
            return Ok(Self { writer: Box::new(tokio::io::stdout()), file: None });
        };
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(format!(".{}.part", std::process::id()));
        let unfinished = PathBuf::from(unfinished);
        let file = File::create(&unfinished)
            .await
            .map_err(|source| CliError::File { path: unfinished.clone(), source })?;
        Ok(Self { writer: Box::new(file), file: Some((unfinished, path.to_owned())) })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let result = self.writer.write_all(bytes).await;
        result.map_err(|source| self.broken(source))
    }

    pub(super) async fn keep(mut self) -> Result<(), CliError> {
        if let Err(source) = self.writer.flush().await {
            return Err(self.broken(source));
        }
        if let Some((unfinished, path)) = &self.file {
            tokio::fs::rename(unfinished, path).await.map_err(|source| self.broken(source))?;
        }
        Ok(())
    }

    pub(super) async fn discard(self) {
        if let Some((unfinished, _)) = &self.file {
            let _ = tokio::fs::remove_file(unfinished).await;
        }
    }

    fn broken(&self, source: std::io::Error) -> CliError {
        let path =
            self.file.as_ref().map_or_else(|| PathBuf::from("standard output"), |(_, path)| path.clone());
        CliError::File { path, source }
    }
}
