//! `up`: a small network on this machine.

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::run::run;
use crate::step::{bold, note, step};
use crate::{parts, test, workspace};
use children::Children;
use ledger::Ledger;

mod children;
mod ledger;

/// How long a part may take from its start until it answers.
const START_MAX: Duration = Duration::from_secs(60);

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Port of the signalling server, which also serves the web app; 0 lets the system choose.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many native peers. The first four are the voters of a ledger; with fewer there is none.
    #[arg(long, default_value_t = ledger::VOTERS, value_parser = clap::value_parser!(u32).range(0..=32))]
    peers: u32,
    /// Also open this many tabs in a headless Chromium.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    tabs: u32,
}

/// Builds the parts, runs a network of them, and stops it on Ctrl-C.
pub(crate) fn up(options: &Options) -> Result<()> {
    let stop = stop_signal()?;
    // Said now, not after a quarter of an hour of building.
    TcpListener::bind(("127.0.0.1", options.port)).with_context(|| {
        format!("port {} is taken; choose another with --port, or 0 for any", options.port)
    })?;
    parts::web()?;
    let programs = parts::programs()?;
    let tabs = if options.tabs > 0 { Some(test::harness(&programs)?) } else { None };

    let mut children = Children::new(workspace::target().join("up"), stop)?;
    let ledger = if options.peers >= ledger::VOTERS {
        Some(step("preparing the ledger", || ledger::prepare(&programs, children.dir()))?)
    } else {
        note(&format!("a ledger has {} voters at least: there is none with so few peers", ledger::VOTERS));
        None
    };
    let web = step("starting the signalling server", || {
        start_server(&mut children, &programs, options.port, ledger.as_ref())
    })?;
    for number in 1..=options.peers {
        step(&format!("starting native peer {number}"), || {
            start_peer(&mut children, &programs, &web, number, ledger.as_ref())
        })?;
    }
    if let Some(node) = tabs {
        step(&format!("opening {} tabs", options.tabs), || {
            let ready = children.fresh("tabs.ready")?;
            let node =
                node.arg("harness/crowd.js").args(["--url", &web, "--tabs", &options.tabs.to_string()]);
            children.start("tabs", node.arg("--ready-file").arg(&ready))?;
            children.wait_for_file("tabs", &ready, START_MAX).map(|said| note(&said))
        })?;
    }
    println!("\n{}", bold(&format!("tabmesh is up: open {web} in two tabs")));
    println!("   state and logs: {}", workspace::shown(children.dir()));
    println!(
        "   a native peer's view: {} status --data-dir {}",
        workspace::shown(&programs.native),
        shown_data(&children)
    );
    if ledger.is_some() {
        ledger::tell(&programs, children.dir());
    }
    println!("   Ctrl-C stops everything\n");
    children.watch()
}

fn shown_data(children: &Children) -> String {
    workspace::shown(&children.dir().join("peer-1"))
}

/// A channel that hears of Ctrl-C (and of SIGTERM), from before anything runs that would have to be stopped.
fn stop_signal() -> Result<Receiver<()>> {
    let (sender, receiver) = channel();
    ctrlc::set_handler(move || {
        // The receiver is gone only when the program ends anyway.
        let _ = sender.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(receiver)
}

/// Starts the server and gives the web app's address.
fn start_server(
    children: &mut Children,
    programs: &parts::Programs,
    port: u16,
    ledger: Option<&Ledger>,
) -> Result<String> {
    let file = children.fresh("signalling.address")?;
    let mut server = run(&programs.signalling)
        .args(["--listen", &format!("127.0.0.1:{port}"), "--web"])
        .arg(workspace::path("web/dist"))
        .arg("--address-file")
        .arg(&file);
    if let Some(ledger) = ledger {
        server = server.arg("--genesis").arg(&ledger.bytes);
    }
    children.start("signalling", server)?;
    let address = children.wait_for_file("signalling", &file, START_MAX)?;
    // `localhost` is a secure context for browsers, as `127.0.0.1` is; people read it more easily.
    let port = address.rsplit(':').next().context("the server wrote an address without a port")?;
    let web = format!("http://localhost:{port}");
    children.wait_for_health("signalling", &address, START_MAX)?;
    note(&web);
    Ok(web)
}

fn start_peer(
    children: &mut Children,
    programs: &parts::Programs,
    web: &str,
    number: u32,
    ledger: Option<&Ledger>,
) -> Result<()> {
    let name = format!("peer-{number}");
    let file = children.fresh(&format!("{name}.address"))?;
    let signalling = format!("{}/signal", web.replacen("http", "ws", 1));
    let mut peer = run(&programs.native)
        .args(["run", "--listen", "127.0.0.1:0", "--signalling", &signalling, "--data-dir"])
        .arg(children.dir().join(&name))
        .arg("--address-file")
        .arg(&file);
    if let Some(ledger) = ledger {
        peer = peer.arg("--ledger").arg(&ledger.text);
        if number <= ledger::VOTERS {
            // It changes nothing at a voter that has begun.
            peer = peer.arg("--ledger-begin");
        }
        if number == 1 {
            peer = peer.args(["--faucet", ledger::GIFT]);
        }
    }
    children.start(&name, peer)?;
    let address = children.wait_for_file(&name, &file, START_MAX)?;
    children.wait_for_health(&name, &address, START_MAX)?;
    note(&format!("peers come in at ws://{address}, figures are at http://{address}/metrics"));
    Ok(())
}
