//! Goal: a program beside a node can be a module of it, and reaches its like at another node. Method: two real peers in this process,
//! linked on loopback, and clients at their control sockets.

mod common;

use std::path::PathBuf;

use common::*;
use tabmesh_engine::limits::MESSAGE_MAX;
use tabmesh_native::control::client::ClientError;
use tabmesh_native::control::module::Module;
use tabmesh_native::control::port::{News, Order};
use tabmesh_native::driver::Heard;
use tabmesh_native::identity::hex;
use tabmesh_native::peer::Peer;
use tabmesh_native::settings::Settings;
use tabmesh_port::{Input, Instant, Outbox, Output, Port, Room, Status, Told, Wish};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

const PORT: u32 = 0x7465_7374;

/// A node and its control socket.
struct Side {
    peer: Peer,
    dir: TempDir,
}

impl Side {
    async fn start(known: Option<&Peer>) -> Self {
        let dir = temporary();
        let peers = known.map(socket_url).into_iter().collect();
        let peer = start(&Settings { peers, ..settings(&dir) }).await;
        Self { peer, dir }
    }

    fn socket(&self) -> PathBuf {
        settings(&self.dir).control_socket()
    }

    fn id(&self) -> String {
        hex(&self.peer.handle().id())
    }

    async fn attach(&self) -> Module {
        Module::attach(&self.socket(), PORT, 1).await.expect("attached")
    }
}

async fn linked() -> (Side, Side) {
    let one = Side::start(None).await;
    let two = Side::start(Some(&one.peer)).await;
    for side in [&one, &two] {
        until_linked(&side.peer).await;
    }
    (one, two)
}

async fn next(module: &mut Module) -> (News, Vec<u8>) {
    timeout(PATIENCE, module.news.next()).await.expect("in time").expect("attached")
}

/// What comes next but who else has the port.
async fn next_said(module: &mut Module) -> (News, Vec<u8>) {
    loop {
        let news = next(module).await;
        if !matches!(news.0, News::Peer { .. }) {
            return news;
        }
    }
}

async fn say(module: &mut Module, order: Order, bytes: &[u8]) {
    module.orders.say(&order, bytes).await.expect("said");
}

fn ask(op: u32, to: &Side) -> Order {
    Order::Ask { op, to: to.id(), within_ms: 60_000 }
}

fn refusal(refused: Result<Module, ClientError>) -> (u16, String) {
    match refused.err() {
        Some(ClientError::Refused(failure)) => (failure.code, failure.message),
        other => panic!("not refused: {other:?}"),
    }
}

/// Waits until a port of a node is free again.
async fn until_free(side: &Side) -> Module {
    let again = async {
        loop {
            match Module::attach(&side.socket(), PORT, 1).await {
                Ok(module) => return module,
                Err(_) => sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    };
    timeout(PATIENCE, again).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_find_tell_and_ask_each_other() {
    let (one, two) = linked().await;
    let (mut mine, mut its) = (one.attach().await, two.attach().await);
    for (module, other) in [(&mut mine, &two), (&mut its, &one)] {
        assert_eq!(next(module).await.0, News::Peer { id: other.id(), version: Some(1) });
    }
    say(&mut mine, Order::Tell { to: two.id() }, b"told").await;
    let said = (News::Said { from: one.id(), proven: true }, b"told".to_vec());
    assert_eq!(next(&mut its).await, said);

    for (op, length) in [(5, 0), (6, MESSAGE_MAX)] {
        let question = vec![op as u8; length];
        say(&mut mine, ask(op, &two), &question).await;
        let (News::Asked { ticket, from, here: None, proven: true, within_ms }, asked) = next(&mut its).await
        else {
            panic!("not asked")
        };
        assert_eq!((from, asked == question), (one.id(), true));
        assert!((1..=60_000).contains(&within_ms));
        say(&mut its, Order::Reply { ticket, code: 104 }, &question).await;
        // A second one goes nowhere.
        say(&mut its, Order::Reply { ticket, code: 100 }, b"again").await;
        let replied = News::Replied { op, code: 104, proven: true, here: false };
        assert_eq!(next(&mut mine).await, (replied, question));
    }

    say(&mut mine, Order::Hold { ids: vec![two.id()] }, &[]).await;
    let (News::Up { id, relayed: false, .. }, _) = next(&mut mine).await else { panic!("it is linked") };
    assert_eq!(id, two.id());
    drop(its);
    assert_eq!(next(&mut mine).await.0, News::Peer { id: two.id(), version: None });
    let gone = two.id();
    two.peer.stop().await;
    let (News::Down { id, .. }, _) = next(&mut mine).await else { panic!("it is gone") };
    assert_eq!(id, gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ends_leaves_nothing_open() {
    let (one, two) = linked().await;
    let (mut mine, mut its) = (one.attach().await, two.attach().await);
    for op in [1, 2] {
        say(&mut its, ask(op, &one), b"well?").await;
    }
    let (News::Asked { .. }, _) = next_said(&mut mine).await else { panic!("not asked") };
    drop(mine);
    for _ in 0..2 {
        let (News::Replied { code, here: false, .. }, _) = next_said(&mut its).await else { panic!("open") };
        // The second one may have come when the port was closed already.
        assert!(matches!(code, 303 | 301), "{code}");
    }
    let mut mine = until_free(&one).await;
    say(&mut its, ask(3, &one), b"again?").await;
    let (News::Asked { ticket, .. }, _) = next_said(&mut mine).await else { panic!("not asked") };
    say(&mut its, Order::Cancel { op: 3 }, &[]).await;
    // Once this is heard, that is done.
    say(&mut its, ask(3, &two), b"myself").await;
    let (News::Asked { ticket: own, .. }, _) = next_said(&mut its).await else { panic!("not asked") };
    say(&mut mine, Order::Reply { ticket, code: 100 }, b"late").await;
    say(&mut its, ask(4, &one), b"and now?").await;
    let (News::Asked { ticket, .. }, _) = next_said(&mut mine).await else { panic!("not asked") };
    say(&mut mine, Order::Reply { ticket, code: 100 }, b"now").await;
    assert_eq!(next_said(&mut its).await.1, b"now", "what was cancelled has no end");
    say(&mut its, Order::Reply { ticket: own, code: 100 }, b"me").await;
    assert_eq!(next_said(&mut its).await.1, b"me");
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_are_not_to_be_had_are_refused_with_a_reason() {
    let side = Side::start(None).await;
    let socket = side.socket();
    let attach = |port| Module::attach(&socket, port, 1);
    for port in [0, 3, 15] {
        let (code, message) = refusal(attach(port).await);
        assert_eq!(code, 200);
        assert!(message.contains("0 to 15"), "{message}");
    }
    let mut modules = Vec::new();
    for port in 100..108 {
        modules.push(attach(port).await.expect("free"));
    }
    let (code, message) = refusal(attach(100).await);
    assert!(code == 205 && message.contains("another program"), "{code} {message}");
    let (code, message) = refusal(attach(108).await);
    assert!(code == 205 && message.contains("8 programs"), "{code} {message}");

    let _answering = Module::answer(&side.socket()).await.expect("nobody else");
    let (code, message) = refusal(Module::answer(&side.socket()).await);
    assert!(code == 205 && message.contains("another `tabmesh answer`"), "{code} {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_node_and_a_program_that_talks_nonsense_are_told_so() {
    let side = Side::start(None).await;
    for (order, why) in [
        (Order::Tell { to: "me".into() }, "64 hexadecimal digits"),
        (Order::Reply { ticket: 1, code: 42 }, "a status"),
    ] {
        let mut module = until_free(&side).await;
        // The node may close before all of it is said.
        let _ = module.orders.say(&order, b"x").await;
        let error = timeout(PATIENCE, module.news.next()).await.expect("in time").expect_err("refused");
        assert!(error.to_string().contains(why), "{error}");
    }
    let mut module = until_free(&side).await;
    let long = vec![0; MESSAGE_MAX + 1];
    let _ = module.orders.say(&Order::Ask { op: 1, to: side.id(), within_ms: 1 }, &long).await;
    let error = timeout(PATIENCE, module.news.next()).await.expect("in time").expect_err("refused");
    assert!(error.to_string().contains("at most 32 KiB"), "{error}");

    let mut garbage = UnixStream::connect(side.socket()).await.expect("connected");
    let head = br#"{"version":1,"request":{"attach":{"port":99,"version":1}}}"#;
    let frame = |json: &[u8]| [&[1, 0, 0, 0, json.len() as u8][..], json].concat();
    garbage.write_all(&[frame(head), frame(b"{\"dance\":{}}")].concat()).await.expect("written");
    let mut answers = Vec::new();
    timeout(PATIENCE, garbage.read_to_end(&mut answers)).await.expect("in time").expect("read");
    let answers = String::from_utf8_lossy(&answers);
    assert!(answers.contains("attached") && answers.contains("not understood"), "{answers}");

    let mut module = until_free(&side).await;
    side.peer.stop().await;
    assert!(timeout(PATIENCE, module.news.next()).await.expect("in time").is_err());
}

/// Answers what is asked here by whose it is and what it was, and asks the port of the programs what it is told to.
struct Echo(Outbox);

impl tabmesh_port::Module for Echo {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        match input {
            Input::Told(Told::AskedHere { port, ticket, bytes, .. }) => {
                let bytes = [&port.0.to_be_bytes()[..], bytes].concat();
                self.0.put(&Output::Wish(Wish::Reply { ticket, status: Status::Ok, bytes: &bytes }));
            }
            Input::Command(bytes) => {
                self.0.put(&Output::Wish(Wish::AskHere {
                    op: 1,
                    port: Port(PORT),
                    within_ms: 60_000,
                    bytes,
                }));
            }
            Input::Told(Told::Answered { op: 1, is_here, status, bytes, .. }) => {
                let line = format!("{is_here} {} {}", status as u16, String::from_utf8_lossy(bytes));
                self.0.put(&Output::Event(line.as_bytes()));
            }
            _ => {}
        }
    }

    fn poll(&mut self, room: Room) -> Option<Vec<u8>> {
        self.0.poll(room)
    }

    fn wanted_at(&self) -> Instant {
        Instant::NEVER
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_and_a_module_of_one_node_ask_each_other() {
    const ECHO: u32 = 0x6563_686f;
    let side = Side::start(None).await;
    let handle = side.peer.handle();
    let mut echo = handle.attach_module(Port(ECHO), 1, |_| Echo(Outbox::default())).await.expect("free");
    let mut program = side.attach().await;
    let mut other = Module::attach(&side.socket(), PORT + 1, 1).await.expect("free");
    let here = |op, port| Order::AskHere { op, port, within_ms: 60_000 };
    for (op, port, code, is_here) in [(1, ECHO, 100, false), (2, 0, 301, true), (3, ECHO + 1, 301, true)] {
        say(&mut program, here(op, port), b"well?").await;
        let replied = News::Replied { op, code, proven: !is_here, here: is_here };
        let bytes = if is_here { Vec::new() } else { [&PORT.to_be_bytes()[..], b"well?"].concat() };
        assert_eq!(next(&mut program).await, (replied, bytes));
    }
    // The module asks a program, and so does another program.
    echo.command("and you?").await.expect("attached");
    for (from, bytes) in [(ECHO, &b"and you?"[..]), (PORT + 1, b"hello")] {
        if from != ECHO {
            say(&mut other, here(7, PORT), bytes).await;
        }
        let (News::Asked { ticket, from: own, here, proven: true, .. }, asked) = next(&mut program).await
        else {
            panic!("not asked")
        };
        assert_eq!((own, here, &asked[..]), (side.id(), Some(from), bytes));
        say(&mut program, Order::Reply { ticket, code: 100 }, b"fine").await;
        say(&mut program, Order::Reply { ticket, code: 100 }, b"again").await;
    }
    let told =
        async |echo: &mut tabmesh_native::driver::Attached| timeout(PATIENCE, echo.events.next()).await;
    assert_eq!(told(&mut echo).await, Ok(Heard::Event("false 100 fine".into())));
    let (News::Replied { op: 7, code: 100, proven: true, here: false }, answer) = next(&mut other).await
    else {
        panic!("not answered")
    };
    assert_eq!(answer, b"fine");
    // Whoever was asked leaves; the one whose question was forgotten hears no end of it.
    echo.command("still there?").await.expect("attached");
    say(&mut other, here(8, PORT), b"forgotten").await;
    for _ in 0..2 {
        let (News::Asked { .. }, _) = next(&mut program).await else { panic!("not asked") };
    }
    say(&mut other, Order::Cancel { op: 8 }, &[]).await;
    say(&mut other, here(9, ECHO), b"").await;
    let (News::Replied { op: 9, .. }, _) = next(&mut other).await else { panic!("not the next") };
    drop(program);
    assert_eq!(told(&mut echo).await, Ok(Heard::Event("true 303 ".into())));
    drop(echo);
    say(&mut other, here(8, ECHO), b"gone").await;
    let (News::Replied { op: 8, code: 301, here: true, .. }, _) = next(&mut other).await else {
        panic!("who would have answered?")
    };
}
