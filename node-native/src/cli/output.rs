//! Where contents are written to.

use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::error::CliError;
use crate::fresh;

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
        let file = fresh::create(&unfinished, 0o666)
            .map(File::from_std)
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
