//! Where what a module gave is written.

use std::io::IsTerminal;
use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::output::Sink;

/// A file or the standard output, opened before the work, so that one that cannot be written costs none.
pub(super) struct Destination {
    sink: Option<Sink>,
    is_file: bool,
}

impl Destination {
    /// The file; without one the standard output, or nowhere if that is free for something else.
    pub(super) async fn open(file: Option<&Path>, has_standard_output: bool) -> Result<Self, CliError> {
        let sink = match file {
            None if !has_standard_output => None,
            file => Some(Sink::open(file).await?),
        };
        Ok(Self { sink, is_file: file.is_some() })
    }

    /// Writes bytes, or if there are none to write leaves no file behind.
    pub(super) async fn give(self, bytes: Option<&[u8]>) -> Result<(), CliError> {
        let Some(mut sink) = self.sink else { return Ok(()) };
        let Some(bytes) = bytes else {
            sink.discard().await;
            return Ok(());
        };
        if self.is_file || is_fit_for_output(bytes) {
            sink.write(bytes).await?;
        }
        sink.keep().await
    }
}

/// Whether bytes may go to the standard output: to a terminal only text that does not move its cursor.
fn is_fit_for_output(bytes: &[u8]) -> bool {
    if !std::io::stdout().is_terminal() {
        return true;
    }
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain));
    if !is_text {
        note!("the output is no plain text: give --output, or a pipe");
    }
    is_text
}

/// Whether a character leaves a terminal's cursor where it belongs.
pub(super) fn is_plain(character: char) -> bool {
    !character.is_control() || matches!(character, '\n' | '\t')
}
