//! Goal: a module in a node's own process, native or a `.wasm`, reaches its like at another node over the overlay, beside programs at
//! other ports, and one that does something wrong is detached while the node goes on. Method: two real peers in this process, linked on
//! loopback, with counters and with modules made for the test.

mod common;

use std::sync::Arc;

use common::counter::*;
use common::*;
use tabmesh_counter::{Command, Counter, Event, port};
use tabmesh_native::driver::{
    AttachError, Attached, Attachment, Ended, FaceError, Heard, PortCommand, PortEvent,
};
use tabmesh_native::module::{Fault, Program};
use tabmesh_native::peer::Peer;
use tabmesh_port::limits::ASKS_MAX;
use tabmesh_port::{Input, Instant, Module, NodeId, Outbox, Output, Port, Room, Status, Told, Wish};
use tokio::time::timeout;

const OTHER: u32 = 0x7465_7374;

async fn counter(peer: &Peer) -> Attached {
    peer.handle().attach_module(port(), 1, Counter::new).await.expect("free")
}

fn program(wasm: &[u8]) -> Arc<Program> {
    Arc::new(Program::new(wasm).expect("a module"))
}

async fn heard(attached: &mut Attached) -> Heard {
    timeout(PATIENCE, attached.events.next()).await.expect("in time")
}

async fn add(attached: &Attached, amount: u64) {
    attached.command(Command::Add(amount).emit()).await.expect("attached");
}

async fn until_total(attached: &mut Attached, expected: u64) {
    loop {
        match heard(attached).await {
            Heard::Event(bytes) if Event::read(&bytes) == Some(Event::Total(expected)) => return,
            Heard::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn event(attachment: &mut Attachment) -> PortEvent {
    timeout(PATIENCE, attachment.events.recv()).await.expect("in time").expect("the port is open")
}

async fn until_ended(attached: &mut Attached) -> Ended {
    loop {
        if let Heard::Ended(ended) = heard(attached).await {
            return ended;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_native_counters_see_the_sum() {
    let (one, two, _dirs) = linked().await;
    let (mut mine, mut its) = (counter(&one).await, counter(&two).await);
    assert_eq!(mine.commander.port(), Port::named(NAME));
    add(&mine, 5).await;
    add(&its, 37).await;
    until_total(&mut mine, 42).await;
    until_total(&mut its, 42).await;

    // A late listener hears from now on, and a command by the port is one as any other.
    let mut late = one.handle().follow(port()).await.expect("attached");
    one.handle().command(port(), Command::Total.emit()).await.expect("attached");
    let total = Heard::Event(Event::Total(42).emit().into());
    assert_eq!(timeout(PATIENCE, late.next()).await.expect("in time"), total);
    one.handle().command(port(), vec![9; 3]).await.expect("attached");
    let refused = Heard::Event(Event::Refused(Status::BadRequest).emit().into());
    assert_eq!(timeout(PATIENCE, late.next()).await.expect("in time"), refused);
    assert_eq!(mine.command(vec![0; 65_537]).await, Err(FaceError::TooLong));

    // One that comes again has a run of its own, and learns what was.
    mine.detach().await;
    assert_eq!(timeout(PATIENCE, late.next()).await.expect("in time"), Heard::Ended(Ended::Detached));
    let mut again = counter(&one).await;
    until_total(&mut again, 42).await;
    add(&again, 8).await;
    until_total(&mut its, 50).await;
    one.stop().await;
    assert_eq!(until_ended(&mut again).await, Ended::Stopping);
    assert_eq!(again.command(Vec::new()).await, Err(FaceError::Stopping));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_in_wasm_and_a_native_one_see_the_sum_beside_programs_at_another_port() {
    let (one, two, _dirs) = linked().await;
    let wasm = Arc::new(Program::load(&built()).expect("a module"));
    let mut mine = one.handle().attach_program(NAME, &wasm).await.expect("free");
    let mut its = counter(&two).await;
    let (talker, mut listener) = (
        one.handle().attach(OTHER, 1).await.expect("free"),
        two.handle().attach(OTHER, 1).await.expect("free"),
    );
    let listening = async {
        let mut told = Vec::new();
        while told.len() < 50 {
            if let PortEvent::Said(said) = event(&mut listener).await {
                told.push(said.bytes[0]);
            }
        }
        told
    };
    let talking = async {
        for number in 0..50 {
            add(&mine, 1).await;
            add(&its, 2).await;
            talker.speaker.say(PortCommand::Tell { to: id(&two), bytes: vec![number] }).await;
        }
    };
    let ((), told) = tokio::join!(talking, listening);
    assert_eq!(told, (0..50).collect::<Vec<_>>());
    until_total(&mut mine, 150).await;
    until_total(&mut its, 150).await;
    let views = one.handle().look().await.expect("it runs").modules;
    assert_eq!((views.len(), views[0].name.as_deref(), &views[0].failure), (1, Some(NAME), &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_one_modules_or_one_programs() {
    let dir = temporary();
    let peer = start(&settings(&dir)).await;
    let handle = peer.handle();
    let module = counter(&peer).await;
    let again = handle.attach_module(port(), 1, Counter::new).await;
    assert_eq!(again.err(), Some(AttachError::Taken));
    assert_eq!(handle.attach(port().0, 1).await.err(), Some(AttachError::Taken));
    let attachment = handle.attach(OTHER, 1).await.expect("free");
    let at_other = || handle.attach_module(Port(OTHER), 1, Counter::new);
    assert_eq!(at_other().await.err(), Some(AttachError::Taken));
    let own = handle.attach_module(Port::APPLICATION, 1, Counter::new).await;
    assert_eq!(own.err(), Some(AttachError::Own));
    assert_eq!(handle.attach_module(Port(9), 0, Counter::new).await.err(), Some(AttachError::NoVersion));

    module.detach().await;
    let freed = handle.attach(port().0, 1).await.expect("free again");
    drop((attachment, freed));
    let mut modules = Vec::new();
    for number in 0..16 {
        modules.push(handle.attach_module(Port(100 + number), 1, Counter::new).await.expect("room"));
    }
    assert_eq!(at_other().await.err(), Some(AttachError::FullOfModules));
    assert_eq!(handle.attach(OTHER, 1).await.err(), Some(AttachError::Full));
    modules.pop().expect("one").detach().await;
    assert_eq!(handle.follow(Port(115)).await.err(), Some(FaceError::NoModule));
    handle.attach(OTHER, 1).await.expect("room again");
}

/// Holds everybody in view, answers one question and none else, and tells its face of links and of what it does not answer.
struct Holder(Outbox);

impl Module for Holder {
    fn handle(&mut self, _: Instant, input: Input<'_>) {
        match input {
            Input::Told(Told::View { ids, .. }) => self.0.put(&Output::Wish(Wish::Hold { ids })),
            Input::Told(Told::Linked { id, .. }) => self.0.put(&Output::Event(&id.0)),
            Input::Told(Told::Asked { ticket, bytes: b"well?", .. }) => {
                self.0.put(&Output::Wish(Wish::Reply { ticket, status: Status::Ok, bytes: b"well" }));
            }
            Input::Told(Told::Asked { bytes, .. }) => self.0.put(&Output::Event(bytes)),
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
async fn a_module_holds_links_and_answers_and_leaves_no_question_open() {
    let (one, two, _dirs) = linked().await;
    let holder = one.handle().attach_module(Port(OTHER), 1, |_| Holder(Outbox::default()));
    let mut mine = holder.await.expect("free");
    let mut asker = two.handle().attach(OTHER, 1).await.expect("free");
    let Heard::Event(linked) = heard(&mut mine).await else { panic!("not told") };
    assert_eq!(linked[..], id(&two).0);

    let ask =
        |op, bytes: &[u8]| PortCommand::Ask { op, to: id(&one), within: PATIENCE, bytes: bytes.to_vec() };
    asker.speaker.say(ask(1, b"well?")).await;
    asker.speaker.say(ask(2, b"what?")).await;
    assert_eq!(replied(&mut asker).await, (1, Status::Ok, b"well".to_vec()));
    assert_eq!(heard(&mut mine).await, Heard::Event("what?".into()));
    drop(mine);
    assert_eq!(replied(&mut asker).await, (2, Status::Unavailable, Vec::new()));
}

async fn replied(asker: &mut Attachment) -> (u32, Status, Vec<u8>) {
    loop {
        if let PortEvent::Replied { op, status, bytes, .. } = event(asker).await {
            return (op, status, bytes.to_vec());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_fails_is_detached_and_the_node_goes_on() {
    let (one, two, _dirs) = linked().await;
    let (mut mine, mut its) = (counter(&one).await, counter(&two).await);
    let name = "tabmesh test v1";
    for (handle, is_expected) in [
        (TRAPS, (|fault| matches!(fault, Fault::Trap { call: "handle", .. })) as fn(&Fault) -> bool),
        (LOOPS, |fault| *fault == Fault::Endless { call: "handle" }),
    ] {
        let program = program(&text(handle, NOTHING, ""));
        let mut bad = one.handle().attach_program(name, &program).await.expect("free");
        let Err(FaceError::Failed(fault)) = bad.command("go").await else { panic!("it did not fail") };
        assert!(is_expected(&fault), "{fault}");
        assert_eq!(until_ended(&mut bad).await, Ended::Failed(fault.clone()));
        assert_eq!(bad.command("go").await, Err(FaceError::Failed(fault.clone())));
        let listening = one.handle().follow(Port::named(name)).await;
        assert_eq!(listening.err(), Some(FaceError::Failed(fault.clone())));
        let views = one.handle().look().await.expect("it runs").modules;
        assert_eq!((views.len(), views[1].failure.as_ref()), (2, Some(&fault)), "the counter runs");
    }
    let starts_not = text("unreachable", NOTHING, "(func $first unreachable) (start $first)");
    let refused = one.handle().attach_program("none v1", &program(&starts_not)).await;
    assert!(matches!(refused.err(), Some(AttachError::Failed(Fault::Trap { call: "start", .. }))));
    add(&mine, 1).await;
    add(&its, 2).await;
    until_total(&mut mine, 3).await;
    until_total(&mut its, 3).await;
}

/// Asks at the first command as much as may be asked at once, and traps at the second.
fn asks_and_traps(to: &NodeId) -> Vec<u8> {
    let asks = (0..ASKS_MAX as u32).map(|op| {
        let flat = Output::Wish(Wish::Ask { op, to, within_ms: 60_000, bytes: b"?" }).emit();
        assert!(flat.len() <= 64, "so far they lie apart");
        let data: String = flat.iter().map(|byte| format!("\\{byte:02x}")).collect();
        (flat.len(), format!("(data (i32.const {}) \"{data}\")", op * 64))
    });
    let (lengths, data): (Vec<_>, Vec<_>) = asks.unzip();
    let more = format!("(global $next (mut i32) (i32.const {ASKS_MAX})) {}", data.concat());
    let handle = "(if (i32.eq (i32.load8_u (i32.const 65536)) (i32.const 96)) (then
           (if (i32.eq (i32.load8_u (i32.const 65537)) (i32.const 120)) (then unreachable))
           (global.set $next (i32.const 0)))) (i32.const 1)";
    let poll = format!(
        "(if (result i64) (i32.lt_u (global.get $next) (i32.const {ASKS_MAX}))
           (then (global.set $next (i32.add (global.get $next) (i32.const 1)))
             (i64.or (i64.const {}) (i64.shl
               (i64.extend_i32_u (i32.mul (i32.sub (global.get $next) (i32.const 1)) (i32.const 64))) (i64.const 32))))
           (else (i64.const 0)))",
        lengths[0]
    );
    text(handle, &poll, &more)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_module_asked_is_cancelled() {
    let (one, two, _dirs) = linked().await;
    let name = "tabmesh test v1";
    let mut asked = two.handle().attach(Port::named(name).0, 1).await.expect("free");
    let program = program(&asks_and_traps(&id(&two)));
    // Each has all the places that there are: the one before left none taken.
    for _ in 0..3 {
        let attached = one.handle().attach_program(name, &program).await.expect("free");
        attached.command("ask").await.expect("attached");
        let mut questions = Vec::new();
        while questions.len() < ASKS_MAX {
            if let PortEvent::Asked(question) = event(&mut asked).await {
                questions.push(question);
            }
        }
        let failed = attached.command("x").await;
        assert!(matches!(failed, Err(FaceError::Failed(Fault::Trap { .. }))), "{failed:?}");
        questions.into_iter().for_each(|question| question.answer("too late"));
    }
}
