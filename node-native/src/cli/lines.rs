//! What others say as lines that harm no terminal, and lines of the standard input.

use std::io;

use serde_json::{Map, Value};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use super::error::CliError;
use super::input;
use crate::identity::hex_of;

/// What somebody said as part of one line that cannot move a terminal's cursor or pass for two lines: a text, or else bytes in
/// hexadecimal.
pub(super) fn shown(text: Option<&str>, bytes: Option<&str>) -> String {
    let mut line = String::new();
    match (text, bytes) {
        (Some(text), _) => {
            for character in text.chars() {
                if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
                    line.extend(character.escape_default());
                } else {
                    line.push(character);
                }
            }
        }
        (None, Some(bytes)) => line.push_str(&format!("{} bytes: {bytes}", bytes.len() / 2)),
        (None, None) => {}
    }
    line
}

/// The first 8 digits of an id.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Bytes as JSON has them: `text`, or `bytes` in hexadecimal if they are no UTF-8.
pub(super) fn in_json(mut object: Map<String, Value>, bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => object.insert("text".into(), text.into()),
        Err(_) => object.insert("bytes".into(), hex_of(bytes).into()),
    };
    object.into()
}

/// One line, at once. A reader that does not read holds up only this, and Ctrl-C ends it all the same.
pub(super) async fn print(mut line: String) -> io::Result<()> {
    line.push('\n');
    write(line.as_bytes()).await
}

/// Bytes to the standard output, at once.
pub(super) async fn write(bytes: &[u8]) -> io::Result<()> {
    let mut output = tokio::io::stdout();
    output.write_all(bytes).await?;
    output.flush().await
}

/// The next line without its end, read no further than one byte beyond `most`; `None` at the end.
pub(super) async fn next_line(
    input: &mut (impl AsyncBufRead + Unpin),
    most: usize,
) -> Result<Option<Vec<u8>>, CliError> {
    let mut line = Vec::new();
    // An end of two bytes, and one byte too many.
    let mut bounded = input.take(most as u64 + 3);
    if bounded.read_until(b'\n', &mut line).await.map_err(unreadable)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    }
    Ok(Some(line))
}

/// A text of the command line; where that is `-`, the standard input, up to one byte more than `most`.
pub(super) async fn text_or_input(text: String, most: usize) -> Result<Vec<u8>, CliError> {
    if text != "-" {
        return Ok(text.into_bytes());
    }
    let mut bytes = Vec::new();
    let mut input = input::standard()?.take(most as u64 + 1);
    input.read_to_end(&mut bytes).await.map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(source: io::Error) -> CliError {
    CliError::File { path: "standard input".into(), source }
}

pub(super) fn unwritable(source: io::Error) -> CliError {
    CliError::File { path: "standard output".into(), source }
}

/// Does `work`, unless Ctrl-C comes before.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<T, CliError> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    }
}

/// Does `work`, which has no other end than Ctrl-C.
pub(super) async fn until_enough(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

/// Whether anybody reads on: whoever closed the pipe has had enough.
pub(super) fn is_read(printed: io::Result<()>) -> Result<bool, CliError> {
    match printed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(source) => Err(unwritable(source)),
    }
}

#[cfg(test)]
mod tests {
    //! What strangers say is shown as part of one harmless line, and lines of the input are read whole and within their bound.

    use super::*;

    #[tokio::test]
    async fn lines_end_as_they_do_on_any_system_and_have_a_bound() {
        const MOST: usize = 8192;
        let most = "x".repeat(MOST);
        let text = format!("one\ntwo\r\n\n{most}\r\n{most}x\nlast");
        let mut input = text.as_bytes();
        for expected in ["one", "two", "", &most] {
            let line = next_line(&mut input, MOST).await.expect("read").expect("a line");
            assert_eq!(String::from_utf8(line).expect("text"), expected);
        }
        let long = next_line(&mut input, MOST).await.expect("read").expect("a line");
        assert_eq!(long.len(), MOST + 1);
        assert_eq!(next_line(&mut input, MOST).await.expect("read"), Some(b"last".to_vec()));
        assert_eq!(next_line(&mut input, MOST).await.expect("read"), None);
    }

    #[test]
    fn whatever_is_said_is_part_of_one_line() {
        assert_eq!(shown(Some("häuser 🏠"), None), "häuser 🏠");
        assert_eq!(shown(Some("a\nb\u{1b}[2J\u{9b}"), None), "a\\nb\\u{1b}[2J\\u{9b}");
        assert_eq!(shown(Some(""), None), "");
        assert_eq!(shown(None, Some("ff00")), "2 bytes: ff00");
    }
}
