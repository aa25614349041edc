//! Goal: `tabmesh topic` does what its help says. Method: real processes of `tabmesh` on loopback, linked, and its commands
//! against them.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use common::program::*;
use common::temporary;
use serde_json::json;

/// `topic sub`, once it listens.
fn listening(node: &Node, args: &[&str]) -> Conversation {
    Conversation::start(node, &["topic", "sub"], args, "listening")
}

fn publish(node: &Node, topic: &str, text: &str) {
    let output = node.run(&["topic", "pub", topic, text]);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Publishes what comes on the standard input.
fn publish_input(node: &Node, topic: &str, bytes: &[u8]) -> Option<i32> {
    let mut child = tabmesh()
        .args(["topic", "pub", topic, "-", "--data-dir"])
        .arg(&node.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // The command may have had enough before all of it is written.
    let _ = child.stdin.take().expect("a pipe").write_all(bytes);
    child.wait().expect("ended").code()
}

#[test]
fn sub_prints_what_pub_says_in_its_order_and_ends_after_the_count() {
    let (_one_dir, _two_dir, one, two) = pair();
    let mut listener = listening(&two, &["news", "--count", "4"]);
    let from = &one.id()[..8];
    for text in ["first", "second", "a\nb\u{1b}[2J"] {
        publish(&one, "news", text);
        publish(&one, "other news", text);
        let shown = text.replace('\n', "\\n").replace('\u{1b}', "\\u{1b}");
        assert_eq!(listener.line(), format!("{from}  {shown}"));
    }
    publish(&two, "news", "from another command of the same node");
    let last = format!("{}  from another command of the same node\n", &two.id()[..8]);
    assert_eq!(listener.end(), (Some(0), last));
}

#[test]
fn json_tells_all_of_a_message_whatever_it_says() {
    let (_one_dir, _two_dir, one, two) = pair();
    let mut listener = listening(&two, &["news", "--json"]);
    let from = one.id();
    assert_eq!(one.json(&["topic", "pub", "news", "hällo\n"]), json!({ "published": true }));
    assert_eq!(listener.json_line(), json!({ "from": from, "text": "hällo\n" }));
    assert_eq!(publish_input(&one, "news", b"\xff\x00"), Some(0));
    assert_eq!(listener.json_line(), json!({ "from": from, "bytes": "ff00" }));
    assert_eq!(publish_input(&one, "news", b""), Some(0));
    assert_eq!(listener.json_line(), json!({ "from": from, "text": "" }));
    assert_eq!(publish_input(&one, "news", &[1; 8192]), Some(0));
    assert_eq!(listener.json_line()["text"].as_str().map(str::len), Some(8192));
    assert_eq!(publish_input(&one, "news", &[1; 8193]), Some(2));
}

#[test]
fn ctrl_c_and_a_reader_that_has_had_enough_end_sub_well() {
    let (_one_dir, _two_dir, one, two) = pair();
    let listener = listening(&two, &["news"]);
    listener.child.signal("-INT");
    assert_eq!(listener.end(), (Some(0), String::new()));

    let Conversation { mut child, output, mut errors } = listening(&two, &["news"]);
    drop(output);
    publish(&one, "news", "unread");
    assert_eq!(child.code(), Some(0));
    let mut rest = String::new();
    errors.read_to_string(&mut rest).expect("read");
    assert_eq!(rest, "");
}

#[test]
fn what_cannot_be_done_says_why_and_ends_with_its_code() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let long = "x".repeat(256);
    for (args, code, why) in [
        (&["topic", "pub", "", "hello"][..], 2, "1 to 255 bytes"),
        (&["topic", "sub", &long], 2, "1 to 255 bytes"),
        (&["topic", "pub", "news", &"x".repeat(8193)], 2, "at most 8 KiB"),
        (&["topic", "sub", "news", "--count", "0"], 2, "--count"),
        (&["topic"], 2, "Usage"),
    ] {
        let output = node.run(args);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let nowhere = dir.path().join("nowhere");
    let output =
        tabmesh().args(["topic", "sub", "news", "--data-dir"]).arg(nowhere).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn listeners_beyond_the_bound_are_refused_and_hold_nobody_up() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let mut listeners: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| listening(&node, &[name])).collect();
    while listeners.len() < 16 {
        listeners.push(listening(&node, &["a"]));
    }
    let output = node.run(&["topic", "sub", "a"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("16 commands listen"), "{}", stderr(&output));
    assert_eq!(node.json(&["status"])["links"], 0);

    listeners.truncate(15);
    until("room for another listener", || {
        let mut child = tabmesh()
            .args(["topic", "sub", "e", "--data-dir"])
            .arg(&node.dir)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("a pipe")).read_line(&mut line).expect("read");
        let _ = child.kill();
        let _ = child.wait();
        line.contains("listening")
    });
}

#[test]
fn each_line_of_the_input_is_a_message_as_it_comes() {
    let (_one_dir, _two_dir, one, two) = pair();
    let mut listener = listening(&two, &["news", "--json", "--count", "4"]);
    for args in [&["topic", "pub", "news", "-", "--lines"][..], &["topic", "pub", "--lines", "news"]] {
        let mut child = tabmesh()
            .args(args)
            .arg("--data-dir")
            .arg(&one.dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all("h\u{e4}llo\r\n".as_bytes()).expect("written");
        assert_eq!(listener.json_line()["text"], "h\u{e4}llo", "before the input ends");
        input.write_all(b"last").expect("written");
        drop(input);
        assert_eq!(listener.json_line()["text"], "last");
        let output = child.wait_with_output().expect("ended");
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b"2 published\n"[..]));
    }
    let output = one.run(&["topic", "pub", "news", "hello", "--lines"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("standard input"), "{}", stderr(&output));
}

#[test]
fn what_nobody_can_have_taken_is_not_called_published() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let output = node.run(&["topic", "pub", "news", "hello"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("no peer is linked"), "{}", stderr(&output));
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    let output = node.run(&["topic", "pub", "news", "hello", "--json"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(5), &b"{\"published\":false}\n"[..]));

    // Another command at the same node hears it.
    let mut listener = listening(&node, &["news", "--count", "1"]);
    publish(&node, "news", "hello");
    assert!(listener.line().ends_with("hello"));
}

#[test]
fn a_node_that_ends_ends_its_listeners() {
    let dir = temporary();
    let mut node = Node::start(dir.path(), &[]);
    let mut listener = listening(&node, &["news"]);
    node.signal("-TERM");
    assert!(node.child.wait().expect("ended").success());
    let mut why = String::new();
    listener.errors.read_to_string(&mut why).expect("read");
    assert!(why.contains("the node is stopping") || why.contains("the node stopped"), "{why}");
    let (code, rest) = listener.end();
    // The node may end before it says so.
    assert!(matches!(code, Some(1 | 5)), "{code:?}");
    assert_eq!(rest, "");
}

/// `tabmesh id | head -0`, and whoever reads its errors no more.
#[test]
fn a_command_whose_reader_is_gone_ends_as_it_would() {
    let dir = temporary();
    let gone = || std::io::pipe().expect("a pipe").1;
    for (args, code) in [(&["id"][..], 0), (&["status"][..], 3)] {
        let mut command = tabmesh();
        command.args(args).arg("--data-dir").arg(dir.path()).stdout(gone()).stderr(gone());
        assert_eq!(command.status().expect("it runs").code(), Some(code), "{args:?}");
    }
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let mut command = tabmesh();
    command.args(["id", "--data-dir"]).arg(dir.path()).stdout(full);
    let unwritten = command.output().expect("it runs");
    assert_eq!(unwritten.status.code(), Some(1), "{}", stderr(&unwritten));
    assert!(stderr(&unwritten).contains("could not be written"));
}
