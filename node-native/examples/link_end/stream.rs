//! Bulk by a stream, as `floodStream` and `receiveStream` of `ours.js`.

use std::time::{Duration, Instant};

use tabmesh_engine::{NodeId, Status};
use tabmesh_native::driver::Handle;
use tabmesh_native::streams::{Stream, Streams};
use tokio::time::sleep;

use crate::failure::Failure;

const NAME: &[u8] = b"bench";

/// The bytes of one write.
const PIECE: usize = 64 * 1024;

/// Fills a stream to the other node, which listens or soon does, until `ms` have passed.
pub(crate) async fn flood(handle: &Handle, to: NodeId, ms: Duration) -> Result<(), Failure> {
    let streams = Streams::attach(handle).await?;
    let Stream { mut reader, mut writer, .. } = loop {
        match streams.open(to, NAME).await {
            Ok(stream) => break stream,
            Err(Status::NotFound | Status::NotImplemented) => sleep(Duration::from_millis(10)).await,
            Err(status) => return Err(why(status)),
        }
    };
    let (end, piece) = (Instant::now() + ms, vec![0; PIECE]);
    while Instant::now() < end {
        writer.write(&piece).await.map_err(why)?;
    }
    writer.finish();
    while reader.next().await.map_err(why)?.is_some() {}
    writer.ended().await.map_err(why)?;
    streams.close().await;
    Ok(())
}

/// Bytes per second that arrive within `window`, after `warm_up`, by the next stream that comes.
pub(crate) async fn receive(handle: &Handle, warm_up: Duration, window: Duration) -> Result<f64, Failure> {
    let streams = Streams::attach(handle).await?;
    let Stream { mut reader, mut writer, .. } = streams.take(NAME).await.map_err(why)?;
    writer.finish();
    let (begun, mut bytes, mut speed) = (Instant::now(), 0, 0.0);
    while let Some(piece) = reader.next().await.map_err(why)? {
        let Some(taken) = begun.elapsed().checked_sub(warm_up) else { continue };
        bytes += piece.len();
        if taken <= window {
            speed = bytes as f64 / taken.as_secs_f64();
        }
    }
    writer.ended().await.map_err(why)?;
    streams.close().await;
    Ok(speed)
}

fn why(status: Status) -> Failure {
    format!("the stream ended with {status:?}").into()
}
