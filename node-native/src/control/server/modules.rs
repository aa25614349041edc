//! Clients that command modules of the node, and listen to them.

use tabmesh_engine::Status;
use tabmesh_port::Port;
use tokio::net::unix::OwnedWriteHalf;

use super::answer::{Ended, Reader, failed, read_whole, stopping, until_gone, write_in_time};
use crate::control::frame::{self, FrameError};
use crate::control::{Answer, Done, ModuleLine};
use crate::driver::{self, COMMAND_MAX, Events, FaceError, Handle, Heard, ModuleView};

pub(super) fn lines(views: Vec<ModuleView>) -> Vec<ModuleLine> {
    let line = |view: ModuleView| ModuleLine {
        name: view.name,
        port: view.port.0,
        version: view.version,
        failure: view.failure.map(|fault| fault.to_string()),
    };
    views.into_iter().map(line).collect()
}

/// Hands a command to a module.
pub(super) async fn command(handle: &Handle, module: &str, reader: &mut Reader) -> Result<Done, Ended> {
    let bytes = read_whole(reader, COMMAND_MAX, TOO_LONG).await?;
    until_gone(reader, handle.command(Port::named(module), bytes)).await?.map_err(refused)?;
    Ok(Done::Command {})
}

const TOO_LONG: &str = "a command to a module has at most 64 KiB";

/// Tells what a module tells until the client closes.
pub(super) async fn follow(
    handle: &Handle,
    module: &str,
    reader: &mut Reader,
    writer: &mut OwnedWriteHalf,
) -> Result<Done, Ended> {
    let events = handle.follow(Port::named(module)).await.map_err(refused)?;
    until_gone(reader, tell(events, writer)).await?
}

async fn tell(mut events: Events, writer: &mut OwnedWriteHalf) -> Result<Done, Ended> {
    frame::write_header(writer, &Answer::Listening {}).await?;
    loop {
        match events.next().await {
            Heard::Event(bytes) => write_in_time(write_event(writer, &bytes)).await?,
            Heard::Missed(count) => {
                write_in_time(frame::write_header(writer, &Answer::Missed(count))).await?;
            }
            Heard::Ended(driver::Ended::Stopping) => return Err(stopping()),
            Heard::Ended(driver::Ended::Detached) => return Err(failed(Status::Unavailable, DETACHED)),
            Heard::Ended(driver::Ended::Failed(fault)) => return Err(refused(FaceError::Failed(fault))),
        }
    }
}

const DETACHED: &str = "the module was detached by whoever attached it; listen again when it is there again";

async fn write_event(writer: &mut OwnedWriteHalf, bytes: &[u8]) -> Result<(), FrameError> {
    frame::write_header(writer, &Answer::Event {}).await?;
    frame::write_whole(writer, bytes).await
}

fn refused(error: FaceError) -> Ended {
    let status = match error {
        FaceError::NoModule => Status::NotFound,
        FaceError::Failed(_) => Status::InternalError,
        FaceError::TooLong => Status::BadRequest,
        FaceError::Stopping => Status::Unavailable,
    };
    failed(status, error.to_string())
}
