//! Frames of the control socket.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest payload of any frame, in bytes.
pub const PAYLOAD_MAX: usize = 64 * 1024;

const HEADER: u8 = 1;
const DATA: u8 = 2;
const END: u8 = 3;

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// JSON.
    Header(Bytes),
    /// 1 to [`PAYLOAD_MAX`] bytes of content.
    Data(Bytes),
    /// The content ends.
    End,
}

/// Why there is no frame, or not the one expected.
#[derive(Debug, Error)]
pub enum FrameError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// Not a frame of this protocol.
    #[error("these bytes are no frame of the control protocol; use the same version of tabmesh on both ends")]
    Malformed,
    /// A frame, but not now.
    #[error("the other end sent a frame out of turn; use the same version of tabmesh on both ends")]
    OutOfTurn,
    /// A header that does not say anything known.
    #[error("the header is not understood: {0}; use the same version of tabmesh on both ends")]
    Header(#[from] serde_json::Error),
}

/// Reads one frame; `None` if the other end closed between frames. Not to be dropped half-way.
///
/// # Errors
///
/// The connection broke, or the bytes are no frame.
pub async fn read(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame>, FrameError> {
    let kind = match reader.read_u8().await {
        Ok(kind) => kind,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !matches!(kind, HEADER | DATA | END) {
        return Err(FrameError::Malformed);
    }
    let length = reader.read_u32().await? as usize;
    let is_sound = match kind {
        END => length == 0,
        _ => (1..=PAYLOAD_MAX).contains(&length),
    };
    if !is_sound {
        return Err(FrameError::Malformed);
    }
    let mut payload = vec![0; length];
    reader.read_exact(&mut payload).await?;
    Ok(Some(match kind {
        HEADER => Frame::Header(payload.into()),
        DATA => Frame::Data(payload.into()),
        _ => Frame::End,
    }))
}

/// Reads a header that says a `T`; `None` if the other end closed.
///
/// # Errors
///
/// See [`FrameError`].
pub async fn read_header<T: DeserializeOwned>(
    reader: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, FrameError> {
    match read(reader).await? {
        Some(Frame::Header(json)) => Ok(Some(serde_json::from_slice(&json)?)),
        Some(_) => Err(FrameError::OutOfTurn),
        None => Ok(None),
    }
}

/// Writes `value` as a header.
///
/// # Errors
///
/// The connection broke, or the header would be larger than [`PAYLOAD_MAX`].
pub async fn write_header(
    writer: &mut (impl AsyncWrite + Unpin),
    value: &impl Serialize,
) -> Result<(), FrameError> {
    let json = serde_json::to_vec(value)?;
    if json.len() > PAYLOAD_MAX {
        return Err(FrameError::Malformed);
    }
    write(writer, HEADER, &json).await
}

/// Writes content, cut into as many frames as it takes.
///
/// # Errors
///
/// The connection broke.
pub async fn write_data(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), FrameError> {
    for piece in bytes.chunks(PAYLOAD_MAX) {
        write(writer, DATA, piece).await?;
    }
    Ok(())
}

/// Says that the content ends.
///
/// # Errors
///
/// The connection broke.
pub async fn write_end(writer: &mut (impl AsyncWrite + Unpin)) -> Result<(), FrameError> {
    write(writer, END, &[]).await
}

/// Writes content and says that it ends.
///
/// # Errors
///
/// The connection broke.
pub async fn write_whole(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), FrameError> {
    write_data(writer, bytes).await?;
    write_end(writer).await
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), kind: u8, payload: &[u8]) -> Result<(), FrameError> {
    // At most PAYLOAD_MAX.
    let length = (payload.len() as u32).to_be_bytes();
    writer.write_all(&[kind, length[0], length[1], length[2], length[3]]).await?;
    writer.write_all(payload).await?;
    writer.flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    //! What is written is read back; other bytes are an error, never a panic and never a large allocation.

    use proptest::prelude::*;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn frames_are_read_as_they_are_written() {
        block_on(async {
            let mut bytes = Vec::new();
            write_header(&mut bytes, &"hello").await.expect("written");
            write_data(&mut bytes, &vec![7; PAYLOAD_MAX + 1]).await.expect("written");
            write_end(&mut bytes).await.expect("written");
            let mut reader = &bytes[..];
            assert_eq!(read_header::<String>(&mut reader).await.expect("read"), Some("hello".to_owned()));
            assert_eq!(
                read(&mut reader).await.expect("read"),
                Some(Frame::Data(vec![7; PAYLOAD_MAX].into()))
            );
            assert_eq!(read(&mut reader).await.expect("read"), Some(Frame::Data(vec![7].into())));
            assert_eq!(read(&mut reader).await.expect("read"), Some(Frame::End));
            assert_eq!(read(&mut reader).await.expect("read"), None);
        });
    }

    #[test]
    fn a_header_too_large_is_not_sent() {
        let mut bytes = Vec::new();
        let result = block_on(write_header(&mut bytes, &"x".repeat(PAYLOAD_MAX)));
        assert!(matches!(result, Err(FrameError::Malformed)));
        assert!(bytes.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            block_on(async {
                let mut reader = &bytes[..];
                while let Ok(Some(_)) = read(&mut reader).await {}
            });
        }
    }
}
