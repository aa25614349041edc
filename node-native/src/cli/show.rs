//! Commands that ask a node something and print it.

use serde::Serialize;

use super::args::NodeArgs;
use super::error::CliError;
use super::module_line::line as module_line;
use crate::control::client::Client;
use crate::control::frame::FrameError;
use crate::control::{Done, PeerLine, Request, StatusLines};
use crate::identity::hex;
use crate::peer::identity_of;
use crate::settings::Settings;

pub(super) fn id(settings: &Settings) -> Result<(), CliError> {
    say!("{}", hex(&identity_of(settings)?.id()));
    Ok(())
}

pub(super) async fn peers(node: &NodeArgs) -> Result<(), CliError> {
    let Done::Peers(peers) = ask(node, Request::Peers {}).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&peers);
    } else if peers.is_empty() {
        say!("no peers are linked");
    } else {
        print_peers(&peers);
    }
    Ok(())
}

fn print_peers(peers: &[PeerLine]) {
    say!("{:64}  {:6}  {:7}  {:>9}  {:>8}  NEIGHBOUR", "ID", "KIND", "PROFILE", "RTT", "LINKED");
    for peer in peers {
        let rtt = peer.rtt_ms.map_or_else(|| "-".to_owned(), |rtt| format!("{rtt:.1} ms"));
        let linked = format!("{} s", peer.linked_s);
        let neighbour = if peer.neighbour { "yes" } else { "" };
        say!("{:64}  {:6}  {:7}  {rtt:>9}  {linked:>8}  {neighbour}", peer.id, peer.kind, peer.profile);
    }
}

pub(super) async fn status(node: &NodeArgs) -> Result<(), CliError> {
    let Done::Status(status) = ask(node, Request::Status {}).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&status)
    } else {
        print_status(&status)
    }
    Ok(())
}

fn print_status(status: &StatusLines) {
    let yes = |what| if what { "yes" } else { "no" };
    say!("id          {}", status.id);
    say!("version     {}", status.version);
    say!("network     {}", status.network);
    say!("joined      {}", yes(status.joined));
    say!("signalling  {}", yes(status.signalling));
    if let Some(trouble) = &status.signalling_trouble {
        say!("            {trouble}");
    }
    say!("links       {}", status.links);
    for trouble in &status.peer_troubles {
        say!("            {trouble}");
    }
    say!("neighbours  {}", status.neighbourhood.len());
    say!("addresses   {}", status.addresses);
    if !status.modules.is_empty() {
        say!("modules     {}", status.modules.iter().filter(|module| module.failure.is_none()).count());
    }
    for module in &status.modules {
        say!("            {}", module_line(module));
    }
    say!("blocks      {}", status.blocks);
    let (used, quota) = (bytesize::ByteSize(status.block_bytes), bytesize::ByteSize(status.quota_bytes));
    say!("stored      {used} of {quota}");
    if let Some(trouble) = &status.store_trouble {
        say!("            blocks cannot be written: {trouble}");
    }
    if let Some(bytes) = status.resident_bytes {
        say!("memory      {}", bytesize::ByteSize(bytes.unsigned_abs()));
    }
    say!("uptime      {} s", status.uptime_s);
}

pub(super) async fn find(id: String, node: &NodeArgs) -> Result<(), CliError> {
    let Done::Find { ids, crowded } = ask(node, Request::Find { id }).await? else {
        return Err(out_of_turn());
    };
    if crowded {
        note!(
            "warning: these ids lie closer together than chance puts them: somebody may have made them to hide what is \
             kept there"
        );
    }
    if node.json {
        print_json(&ids);
    } else {
        ids.iter().for_each(|id| say!("{id}"));
    }
    Ok(())
}

pub(super) async fn send(id: String, text: String, node: &NodeArgs) -> Result<(), CliError> {
    let Done::Send {} = ask(node, Request::Send { id, text }).await? else { return Err(out_of_turn()) };
    if node.json {
        print_json(&serde_json::json!({ "sent": true }));
    } else {
        say!("sent");
    }
    Ok(())
}

/// One request and its answer; Ctrl-C gives it up.
pub(super) async fn ask(node: &NodeArgs, request: Request) -> Result<Done, CliError> {
    let socket = node.control_socket()?;
    let answer = async { Client::begin(&socket, request).await?.done().await };
    tokio::select! {
        done = answer => Ok(done?),
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    }
}

pub(super) fn out_of_turn() -> CliError {
    CliError::Client(FrameError::OutOfTurn.into())
}

pub(super) fn print_json(value: &impl Serialize) {
    say!("{}", serde_json::to_string(value).unwrap_or_else(|_| unreachable!("plain data are JSON")));
}
