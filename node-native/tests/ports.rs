//! Goal: what one node's application or module says at a port comes to the one of the same port at another node, and to nobody
//! else; every question ends once, however its answerer ends. Method: two real peers in this process, on loopback.

mod common;

use std::time::Duration;

use common::*;
use tabmesh_engine::Status;
use tabmesh_engine::limits::MESSAGE_MAX;
use tabmesh_native::driver::{
    AttachError, Attachment, Outcome, PortCommand, PortEvent, Question, Questions, Wish,
};
use tabmesh_native::peer::Peer;
use tokio::time::timeout;

const PORT: u32 = 0x7465_7374;

fn ask_within(
    asker: &Peer,
    to: &Peer,
    bytes: &[u8],
    within: Duration,
) -> impl Future<Output = Outcome> + use<> {
    let (handle, wish) = (asker.handle().clone(), Wish::Ask { to: id(to), bytes: bytes.to_vec(), within });
    async move { timeout(PATIENCE, handle.wish(wish)).await.expect("it ends in time") }
}

fn ask(asker: &Peer, to: &Peer, bytes: &[u8]) -> impl Future<Output = Outcome> + use<> {
    ask_within(asker, to, bytes, PATIENCE)
}

async fn next(questions: &mut Questions) -> Question {
    timeout(PATIENCE, questions.next()).await.expect("in time").expect("the node runs")
}

async fn event(attachment: &mut Attachment) -> PortEvent {
    timeout(PATIENCE, attachment.events.recv()).await.expect("in time").expect("the port is open")
}

/// Attached at both ends, and both know it.
async fn attached(one: &Peer, two: &Peer) -> (Attachment, Attachment) {
    let mut mine = one.handle().attach(PORT, 1).await.expect("free");
    let mut its = two.handle().attach(PORT, 1).await.expect("free");
    for (attachment, other) in [(&mut mine, two), (&mut its, one)] {
        let PortEvent::Peer { id: peer, version: Some(1) } = event(attachment).await else {
            panic!("not told")
        };
        assert_eq!(peer, id(other));
    }
    (mine, its)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_once_by_whoever_takes_questions() {
    let (one, two, _dirs) = linked().await;
    let mut questions = one.handle().questions().await.expect("nobody else");
    assert_eq!(one.handle().questions().await.err(), Some(AttachError::Taken));

    for asker in [&two, &one] {
        let asked = tokio::spawn(ask(asker, &one, b"six times seven?"));
        let question = next(&mut questions).await;
        assert_eq!((question.from, &question.bytes[..]), (id(asker), &b"six times seven?"[..]));
        assert!(question.is_proven, "linked directly, or itself");
        question.answer(vec![42; MESSAGE_MAX]);
        let outcome = asked.await.expect("it ran");
        assert_eq!((outcome.status, &outcome.answer[..]), (Status::Ok, &[42; MESSAGE_MAX][..]));
        assert!(outcome.is_told && outcome.is_proven);
    }

    let asked = tokio::spawn(ask(&two, &one, b"may I?"));
    next(&mut questions).await.end(Status::Forbidden, "no");
    let outcome = asked.await.expect("it ran");
    assert_eq!((outcome.status, &outcome.answer[..]), (Status::Forbidden, &b"no"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_ends_however_its_answerer_ends() {
    let (one, two, _dirs) = linked().await;
    assert_eq!(ask(&two, &one, b"anybody?").await.status, Status::NotImplemented);

    let mut questions = one.handle().questions().await.expect("nobody else");
    let asked = tokio::spawn(ask(&two, &one, b"well?"));
    drop(next(&mut questions).await);
    assert_eq!(asked.await.expect("it ran").status, Status::InternalError);

    let asked = tokio::spawn(ask(&two, &one, b"much?"));
    next(&mut questions).await.answer(vec![1; MESSAGE_MAX + 1]);
    assert_eq!(asked.await.expect("it ran").status, Status::BadRequest, "too long an answer");

    let asked = ask_within(&two, &one, b"soon?", Duration::from_millis(300)).await;
    assert_eq!((asked.status, asked.is_told), (Status::TimedOut, false));
    let late = next(&mut questions).await;

    // One that was taken, and perhaps one that was not: whoever takes questions leaves.
    let asked = [b"a", b"b"].map(|bytes| tokio::spawn(ask(&two, &one, bytes)));
    let open = next(&mut questions).await;
    drop(questions);
    for asked in asked {
        let status = asked.await.expect("it ran").status;
        assert!(matches!(status, Status::Unavailable | Status::NotImplemented), "{status:?}");
    }
    open.answer("too late");
    late.answer("much too late");
    assert_eq!(ask(&two, &one, b"anybody?").await.status, Status::NotImplemented);
    let long = ask(&two, &one, &vec![1; MESSAGE_MAX + 1]).await;
    assert_eq!((long.status, long.is_told), (Status::BadRequest, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn modules_of_one_port_tell_and_ask_each_other() {
    let (one, two, _dirs) = linked().await;
    let (mut mine, mut its) = attached(&one, &two).await;
    mine.speaker.say(PortCommand::Tell { to: id(&two), bytes: b"told".to_vec() }).await;
    let PortEvent::Said(said) = event(&mut its).await else { panic!("not told") };
    assert_eq!((said.from, &said.bytes[..], said.is_proven), (id(&one), &b"told"[..], true));

    let within = PATIENCE;
    for op in [7, 8] {
        let bytes = vec![op as u8];
        its.speaker.say(PortCommand::Ask { op, to: id(&one), within, bytes }).await;
    }
    // One that is under way has its number alone.
    its.speaker.say(PortCommand::Ask { op: 7, to: id(&one), within, bytes: b"again".to_vec() }).await;
    its.speaker.say(PortCommand::Cancel(8)).await;
    for _ in 0..2 {
        let PortEvent::Asked(question) = event(&mut mine).await else { panic!("not asked") };
        let bytes = question.bytes.clone();
        question.answer(bytes);
    }
    its.speaker.say(PortCommand::Ask { op: 9, to: id(&two), within, bytes: b"self".to_vec() }).await;
    let mut ended = Vec::new();
    while ended.len() < 2 {
        match event(&mut its).await {
            PortEvent::Replied { op, status, bytes, .. } => ended.push((op, status, bytes.to_vec())),
            PortEvent::Asked(question) => question.end(Status::Ok, "me"),
            other => panic!("{other:?}"),
        }
    }
    ended.sort_by_key(|(op, ..)| *op);
    assert_eq!(ended, [(7, Status::Ok, vec![7]), (9, Status::Ok, b"me".to_vec())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_closed_ends_what_is_under_way() {
    let (one, two, _dirs) = linked().await;
    let (mut mine, mut its) = attached(&one, &two).await;
    for op in [1, 2] {
        its.speaker.say(PortCommand::Ask { op, to: id(&one), within: PATIENCE, bytes: vec![1] }).await;
    }
    let PortEvent::Asked(held) = event(&mut mine).await else { panic!("not asked") };
    drop(mine);
    let mut statuses = Vec::new();
    let mut is_gone = false;
    while statuses.len() < 2 || !is_gone {
        match event(&mut its).await {
            PortEvent::Replied { status, is_here: false, .. } => statuses.push(status),
            PortEvent::Peer { id: peer, version: None } => is_gone = peer == id(&one),
            other => panic!("{other:?}"),
        }
    }
    // The second one may have come when the port was closed already, and overtake.
    assert!(statuses.contains(&Status::Unavailable), "{statuses:?}");
    let is_end = |status: &Status| matches!(status, Status::Unavailable | Status::NotImplemented);
    assert!(statuses.iter().all(is_end), "{statuses:?}");
    drop(held);

    // Whoever comes next at the port hears nothing of what was asked before; of another version it is no partner.
    let mut new = one.handle().attach(PORT, 2).await.expect("free again");
    let PortEvent::Peer { version: Some(2), .. } = event(&mut its).await else { panic!("not told") };
    let PortEvent::Peer { version: Some(1), .. } = event(&mut new).await else { panic!("not told") };
    its.speaker.say(PortCommand::Ask { op: 1, to: id(&one), within: PATIENCE, bytes: vec![1] }).await;
    let PortEvent::Replied { status, bytes, .. } = event(&mut its).await else { panic!("not ended") };
    assert_eq!((status, &bytes[..]), (Status::VersionNotSupported, &[2][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_node_hears_of_its_link() {
    let (one, two, _dirs) = linked().await;
    let mut mine = one.handle().attach(PORT, 1).await.expect("free");
    mine.speaker.say(PortCommand::Hold(vec![id(&two), id(&one)])).await;
    let PortEvent::Linked { id: peer, is_relayed: false, .. } = event(&mut mine).await else {
        panic!("it is linked")
    };
    assert_eq!(peer, id(&two));
    let to = id(&two);
    two.stop().await;
    let PortEvent::Unlinked { id: peer, .. } = event(&mut mine).await else { panic!("it is gone") };
    assert_eq!(peer, to);
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_are_not_to_be_had_are_refused() {
    let dir = temporary();
    let peer = start(&settings(&dir)).await;
    for port in [0, 1, 15] {
        assert_eq!(peer.handle().attach(port, 1).await.err(), Some(AttachError::Own));
    }
    assert_eq!(peer.handle().attach(100, 0).await.err(), Some(AttachError::NoVersion));
    let mut attachments = Vec::new();
    for port in 100..108 {
        attachments.push(peer.handle().attach(port, 1).await.expect("free"));
    }
    assert_eq!(peer.handle().attach(100, 1).await.err(), Some(AttachError::Taken));
    assert_eq!(peer.handle().attach(108, 1).await.err(), Some(AttachError::Full));
    let _questions = peer.handle().questions().await.expect("they count for none");
    attachments.pop();
    until_free(&peer).await;
    let handle = peer.handle().clone();
    peer.stop().await;
    assert_eq!(handle.attach(200, 1).await.err(), Some(AttachError::Stopping));
    let mut last = attachments.pop().expect("one");
    assert!(last.events.recv().await.is_none());
}

/// What was given up is free once the driver has come to it.
async fn until_free(peer: &Peer) {
    let again = async {
        while peer.handle().attach(107, 1).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, again).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_too_slowly_is_detached_and_holds_nobody_up() {
    let (one, two, _dirs) = linked().await;
    let (mut mine, mut its) = attached(&one, &two).await;
    // What is told is lost where it finds no room; the ends of asks, each of which is refused at once, must come.
    for number in 0..500_u32 {
        let bytes = number.to_be_bytes().to_vec();
        its.speaker.say(PortCommand::Tell { to: id(&one), bytes }).await;
    }
    for op in 0..1_000 {
        let bytes = vec![1; MESSAGE_MAX + 1];
        mine.speaker.say(PortCommand::Ask { op, to: id(&two), within: PATIENCE, bytes }).await;
    }
    let mut heard = 0;
    while let Some(event) = timeout(PATIENCE, mine.events.recv()).await.expect("in time") {
        assert!(!matches!(event, PortEvent::Asked(_)));
        heard += 1;
    }
    assert!(heard <= 256, "{heard}");
    let PortEvent::Peer { version: None, .. } = event(&mut its).await else { panic!("not told") };
    assert!(one.handle().attach(PORT, 1).await.is_ok());
}
