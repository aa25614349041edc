//! Goal: streams between native peers carry bytes in order both ways, as fast as they are read, and end once. Method: real peers in this
//! process, linked on loopback, and the program `tabmesh` at both ends.

mod common;

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::program::*;
use common::*;
use tabmesh_native::driver::AttachError;
use tabmesh_native::streams::{Reader, Stream, Streams};
use tabmesh_port::{NodeId, Status};
use tokio::time::timeout;

async fn streams(peer: &tabmesh_native::peer::Peer) -> Streams {
    Streams::attach(peer.handle()).await.expect("free")
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("in time")
}

/// Whatever comes, until the other end has written all.
async fn all(reader: &mut Reader) -> Result<Vec<u8>, Status> {
    let mut whole = Vec::new();
    while let Some(bytes) = in_time(reader.next()).await? {
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

fn text(length: usize) -> Vec<u8> {
    (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Both ends of a stream.
async fn open(from: &Streams, to: &Streams, peer: NodeId, name: &[u8]) -> (Stream, Stream) {
    let (taken, opened) = in_time(async { tokio::join!(to.take(name), opened(from, peer, name)) }).await;
    (opened, taken.expect("it is taken"))
}

/// Opens a stream once somebody listens.
async fn opened(from: &Streams, peer: NodeId, name: &[u8]) -> Stream {
    loop {
        match from.open(peer, name).await {
            Err(Status::NotFound) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => return other.expect("it opens"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_come_whole_at_once() {
    let (one, two, _dirs) = linked().await;
    let (here, there) = (streams(&one).await, streams(&two).await);
    let (mut mine, mut theirs) = open(&here, &there, id(&two), b"files").await;
    assert_eq!((theirs.peer, &theirs.name[..], mine.peer), (id(&one), &b"files"[..], id(&two)));
    let (long, short) = (text(3_000_001), text(1_234_567));
    let write = async {
        mine.writer.write(&long).await.expect("room comes");
        mine.writer.finish();
    };
    let answer = async {
        theirs.writer.write(&short).await.expect("room comes");
        theirs.writer.finish();
    };
    let (came, back, (), ()) = tokio::join!(all(&mut theirs.reader), all(&mut mine.reader), write, answer);
    assert!(came == Ok(long.clone()) && back == Ok(short.clone()));
    assert_eq!(in_time(mine.writer.ended()).await, Ok(()));
    assert_eq!(in_time(theirs.writer.ended()).await, Ok(()));
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dropped_or_whose_node_stops_ends_at_the_other_end() {
    let (one, two, _dirs) = linked().await;
    let (here, there) = (streams(&one).await, streams(&two).await);
    let (mut mine, theirs) = open(&here, &there, id(&two), b"a").await;
    drop(theirs);
    assert_eq!(in_time(mine.writer.ended()).await, Err(Status::Unavailable));
    assert_eq!(in_time(mine.reader.next()).await, Err(Status::Unavailable));
    assert_eq!(in_time(mine.writer.write(b"more")).await, Err(Status::Unavailable));

    let (mut mine, theirs) = open(&here, &there, id(&two), b"b").await;
    two.stop().await;
    assert_eq!(in_time(mine.writer.ended()).await, Err(Status::Unavailable));
    drop(theirs);
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_all_bytes_may_go_before_it_knows_that_there_are_no_more() {
    let (one, two, _dirs) = linked().await;
    let (here, there) = (streams(&one).await, streams(&two).await);
    for is_early in [false, true] {
        let (mut mine, mut theirs) = open(&here, &there, id(&two), b"a").await;
        mine.writer.write(b"abc").await.expect("room comes");
        if !is_early {
            mine.writer.finish();
        }
        let mut came = Vec::new();
        while came.len() < 3 {
            came.extend(in_time(theirs.reader.next()).await.expect("it goes on").expect("more"));
        }
        drop(theirs.reader);
        theirs.writer.write(b"so").await.expect("room comes");
        theirs.writer.finish();
        assert_eq!(all(&mut mine.reader).await, Ok(b"so".to_vec()));
        if is_early {
            mine.writer.finish();
        }
        assert_eq!(in_time(mine.writer.ended()).await, Ok(()));
        assert_eq!(in_time(theirs.writer.ended()).await, Ok(()));
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_before_it_has_all_bytes_ends_the_stream() {
    let (one, two, _dirs) = linked().await;
    let (here, there) = (streams(&one).await, streams(&two).await);
    let (mut mine, mut theirs) = open(&here, &there, id(&two), b"a").await;
    drop(theirs.reader);
    mine.writer.write(b"abc").await.expect("room comes");
    mine.writer.finish();
    assert_eq!(in_time(mine.writer.ended()).await, Err(Status::Unavailable));
    assert_eq!(in_time(theirs.writer.ended()).await, Err(Status::Unavailable));
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_listened_for_while_somebody_waits() {
    let (one, two, _dirs) = linked().await;
    let here = streams(&one).await;
    assert_eq!(in_time(here.open(id(&two), b"a")).await.err(), Some(Status::NotImplemented));
    let there = streams(&two).await;
    assert_eq!(in_time(here.open(id(&two), b"a")).await.err(), Some(Status::NotFound));
    assert_eq!(in_time(here.open(id(&one), b"a")).await.err(), Some(Status::BadRequest), "to itself");
    assert_eq!(in_time(there.take(&[7; 65])).await.err(), Some(Status::BadRequest));
    // Whoever gives up waiting is no listener, once that is known; and two who wait get one each.
    let _ = timeout(Duration::from_millis(50), there.take(b"a")).await;
    let unheard = async {
        while here.open(id(&two), b"a").await.err() != Some(Status::NotFound) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    in_time(unheard).await;
    let peer = id(&two);
    let both = async {
        let (one, two) = (opened(&here, peer, b"a"), opened(&here, peer, b"a"));
        tokio::join!(there.take(b"a"), there.take(b"a"), one, two)
    };
    let (first, second, ..) = in_time(both).await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(Streams::attach(one.handle()).await.err(), Some(AttachError::Taken));
    one.stop().await;
    two.stop().await;
}

#[test]
fn the_command_carries_its_input_there_and_what_comes_to_its_output() {
    let (_one_dir, _two_dir, one, two) = pair();
    let mut listening =
        Conversation::start(&two, &["stream", "listen"], &["echo", "--exec", "cat"], "listening");
    let long = text(400_000);
    for length in [0, 5, long.len()] {
        let mut command = tabmesh();
        command.args(["stream", "open", &two.id(), "echo", "--data-dir"]).arg(&one.dir);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut input = child.stdin.take().expect("piped");
        let said = long[..length].to_vec();
        let writing = std::thread::spawn(move || input.write_all(&said).expect("it reads"));
        let output = child.wait_with_output().expect("it ends");
        writing.join().expect("written");
        assert!(output.status.success() && output.stdout == long[..length], "{length}: {}", stderr(&output));
    }
    let nobody = one.run(&["stream", "open", &two.id(), "nothing"]);
    assert_eq!(nobody.status.code(), Some(4), "{}", stderr(&nobody));
    assert!(stderr(&nobody).contains("nobody listens there"), "{}", stderr(&nobody));
    listening.child.signal("-INT");
    assert_eq!(listening.child.code(), Some(0));
    let mut failing = Conversation::start(
        &two,
        &["stream", "listen"],
        &["bad", "--exec", "sh", "-c", "exit 3"],
        "listening",
    );
    let broken = one.run(&["stream", "open", &two.id(), "bad"]);
    assert_eq!(broken.status.code(), Some(5), "what came is not all: {}", stderr(&broken));
    let said = failing.complaint();
    assert!(said.contains("the program sh: it failed: exit status: 3"), "{said}");
}

#[test]
fn a_stream_by_hand_goes_both_ways() {
    let (_one_dir, _two_dir, one, two) = pair();
    let mut theirs = Conversation::start(&two, &["stream", "listen"], &["talk"], "listening");
    let mut mine = Conversation::start(&one, &["stream", "open"], &[&two.id(), "talk"], "a stream with");
    assert!(theirs.complaint().contains("a stream with"));
    mine.say("hello");
    assert_eq!(theirs.line(), "hello");
    theirs.say("good day");
    assert_eq!(mine.line(), "good day");
    for end in [&mut mine, &mut theirs] {
        drop(end.child.stdin.take());
    }
    assert_eq!((mine.child.code(), theirs.child.code()), (Some(0), Some(0)));
}

#[test]
fn a_listener_goes_on_whatever_becomes_of_its_programs() {
    let (dir, _two_dir, one, two) = pair();
    let program = dir.path().join("program");
    let write = |interpreter: &str| {
        std::fs::write(&program, format!("#!{interpreter}\ncat\n")).expect("written");
        std::fs::set_permissions(&program, Permissions::from_mode(0o700)).expect("set");
    };
    write("/no/such/interpreter");
    let args = ["echo", "--exec", program.to_str().expect("a text")];
    let mut listening = Conversation::start(&two, &["stream", "listen"], &args, "listening");
    let broken = one.run(&["stream", "open", &two.id(), "echo"]);
    assert_eq!(broken.status.code(), Some(5), "{}", stderr(&broken));
    assert!(listening.complaint().contains("program"));
    write("/bin/sh");
    let mut whole = Conversation::start(&one, &["stream", "open"], &[&two.id(), "echo"], "a stream with");
    whole.say("hello");
    assert_eq!(whole.line(), "hello");
    listening.child.signal("-INT");
    assert_eq!(listening.child.code(), Some(0));

    let mut command = tabmesh();
    command
        .args(["stream", "listen", "echo", "--data-dir"])
        .arg(&two.dir)
        .args(["--exec", "no-such-program"]);
    let missing = command.output().expect("it runs");
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("no program no-such-program"), "{}", stderr(&missing));
}

#[test]
fn one_node_does_not_have_all_places_of_a_listener() {
    let (_one_dir, _two_dir, one, two) = pair();
    let dir = temporary();
    let three = Node::start(dir.path(), &["--peer", &format!("ws://{}", two.address)]);
    three.until_joined();
    let _listening =
        Conversation::start(&two, &["stream", "listen"], &["echo", "--exec", "cat"], "listening");
    let to = two.id();
    let open = |node: &Node| {
        let mut stream = Conversation::start(node, &["stream", "open"], &[&to, "echo"], "a stream with");
        stream.say("hello");
        stream
    };
    let mut of_one: Vec<Conversation> = (0..3).map(|_| open(&one)).collect();
    for stream in &mut of_one {
        assert_eq!(stream.line(), "hello");
    }
    let beyond = one.run(&["stream", "open", &to, "echo"]);
    assert_eq!(beyond.status.code(), Some(5), "{}", stderr(&beyond));
    assert!(stderr(&beyond).contains("too many"), "{}", stderr(&beyond));
    assert_eq!(open(&three).line(), "hello");
}

#[test]
fn a_command_that_leaves_ends_its_stream_whatever_it_waits_for() {
    let (_one_dir, _two_dir, one, two) = pair();
    // It reads nothing and says nothing. One node has three places, and what is not read keeps its place for half a minute.
    let _listening =
        Conversation::start(&two, &["stream", "listen"], &["deaf", "--exec", "sleep", "600"], "listening");
    for length in [0, 3_000_000, 0, 3_000_000, 0] {
        let deadline = Instant::now() + Duration::from_secs(20);
        let (mut open, mut errors) = loop {
            let mut command = tabmesh();
            command.args(["stream", "open", &two.id(), "deaf", "--data-dir"]).arg(&one.dir);
            command.stdin(Stdio::piped()).stderr(Stdio::piped());
            let mut child = Process(command.spawn().expect("it starts"));
            let mut said = String::new();
            let mut errors = BufReader::new(child.stderr.take().expect("piped"));
            let _ = errors.read_line(&mut said);
            if said.contains("a stream with") {
                break (child, errors);
            }
            assert!(Instant::now() < deadline, "{said}");
            std::thread::sleep(Duration::from_millis(100));
        };
        let mut input = open.stdin.take().expect("piped");
        // More than there is room for, or the end at once.
        let writing = std::thread::spawn(move || input.write_all(&vec![7; length]));
        std::thread::sleep(Duration::from_millis(500));
        open.signal("-INT");
        let (code, mut rest) = (open.code(), String::new());
        let _ = errors.read_to_string(&mut rest);
        assert_eq!(code, Some(130), "{length}: {rest}");
        let _ = writing.join().expect("no panic");
    }
    let own = one.run(&["stream", "open", &one.id(), "deaf"]);
    assert!(own.status.code() == Some(2) && stderr(&own).contains("own id"), "{}", stderr(&own));
}
