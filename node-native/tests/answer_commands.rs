//! Goal: `tabmesh ask` and `tabmesh answer` do what their help says. Method: real processes of `tabmesh` on loopback, linked, and
//! their commands.

mod common;

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Output, Stdio};

use common::program::*;
use common::temporary;
use serde_json::{Value, json};

/// `answer`, once it is ready.
fn answering(node: &Node, args: &[&str]) -> Conversation {
    Conversation::start(node, &["answer"], args, "answering")
}

fn interrupted(mut answerer: Conversation) -> Option<i32> {
    answerer.child.signal("-INT");
    answerer.child.code()
}

/// A question under way.
fn asking(node: &Node, args: &[&str]) -> Child {
    tabmesh()
        .arg("ask")
        .args(args)
        .arg("--data-dir")
        .arg(&node.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

fn end(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

/// Asks what nobody answers well; the exit code, and what is said about it.
fn refused(node: &Node, args: &[&str]) -> (Option<i32>, String) {
    let output = end(asking(node, args));
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    (output.status.code(), stderr(&output))
}

#[test]
fn questions_are_answered_by_hand_in_any_order() {
    let (_one_dir, _two_dir, one, two) = pair();
    let to = two.id();
    let mut answerer = answering(&two, &[]);
    let from = &one.id()[..8];
    let first = asking(&one, &[&to, "how\nmany?"]);
    assert_eq!(answerer.line(), format!("1  {from}  how\\nmany?"));
    let second = asking(&one, &[&to, "and why?", "--json"]);
    assert_eq!(answerer.line(), format!("2  {from}  and why?"));
    for line in ["what?", "7 so"] {
        answerer.say(line);
        assert!(!answerer.complaint().is_empty());
    }
    answerer.say("2 because");
    answerer.say("1 six  or so");
    answerer.say("1 again");
    assert_eq!(end(first).stdout, b"six  or so", "as it is, without an end of the line");
    let second: Value = serde_json::from_slice(&end(second).stdout).expect("JSON");
    assert_eq!(second, json!({ "proven": true, "text": "because" }));
    assert!(answerer.complaint().contains("no question 1"));

    let last = asking(&one, &[&to, "still there?"]);
    answerer.line();
    drop(answerer.child.stdin.take());
    assert_eq!(answerer.child.code(), Some(0), "the input ended");
    let last = end(last);
    assert_eq!(last.status.code(), Some(5), "{}", stderr(&last));
    assert!(stderr(&last).contains("went away"), "{}", stderr(&last));
    let (code, why) = refused(&one, &[&to, "anybody?"]);
    assert!(code == Some(7) && why.contains("nobody answers"), "{code:?} {why}");
}

#[test]
fn a_question_in_json_says_all_there_is() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let own = node.id();
    let mut answerer = answering(&node, &["--json"]);
    let mut question = asking(&node, &[&own, "-", "--within", "20s"]);
    question.stdin.take().expect("a pipe").write_all(b"\xff\x00").expect("written");
    let asked = answerer.json_line();
    assert_eq!(
        (&asked["question"], &asked["from"], &asked["bytes"]),
        (&json!(1), &json!(own), &json!("ff00"))
    );
    assert_eq!(asked["proven"], true);
    assert!((1..=20_000).contains(&asked["within_ms"].as_u64().expect("a number")));
    answerer.say("1");
    let output = end(question);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(0), &b""[..]));
    assert_eq!(interrupted(answerer), Some(0));
}

#[test]
fn a_program_answers_each_question() {
    let (_one_dir, _two_dir, one, two) = pair();
    let to = two.id();
    let script = r#"test "$TABMESH_ASKER_PROVEN" = 1 || exit 1
                    read -r what
                    case "$what" in
                        who) printf %s "$TABMESH_ASKER" ;;
                        fail) echo half; exit 3 ;;
                        much) head -c 32769 /dev/zero ;;
                        most) head -c 32768 /dev/zero ;;
                        late) sleep 600 & echo $! >&2; wait ;;
                        *) cat ;;
                    esac"#;
    let mut answerer = answering(&two, &["--exec", "sh", "-c", script]);
    let answer = |text: &str| end(asking(&one, &[&to, text]));
    assert_eq!(answer("who\n").stdout, one.id().as_bytes());
    assert_eq!(answer("give\nit\nback").stdout, b"it\nback");
    assert!(answer("most\n").stdout == [0; 32_768]);
    for text in ["fail\n", "much\n"] {
        let (code, why) = refused(&one, &[&to, text]);
        assert!(code == Some(7) && why.contains("failed at this question"), "{text}: {code:?} {why}");
    }
    assert!(answerer.complaint().contains("more than 32 KiB"));

    // What is too late is killed, with all that it started.
    let (code, why) = refused(&one, &[&to, "late\n", "--within", "500ms"]);
    assert!(code == Some(5) && why.contains("in time"), "{code:?} {why}");
    let sleeper = answerer.complaint();
    until("the program killed", || !is_running(sleeper.trim()));

    let open = asking(&one, &[&to, "late\n"]);
    let sleeper = answerer.complaint();
    assert!(is_running(sleeper.trim()));
    assert_eq!(interrupted(answerer), Some(0));
    until("the program killed", || !is_running(sleeper.trim()));
    assert!(stderr(&end(open)).contains("went away"));
}

/// Whether a process is there and no corpse.
fn is_running(pid: &str) -> bool {
    assert!(pid.parse::<u32>().is_ok(), "{pid}");
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
}

#[test]
fn more_questions_than_programs_wait_for_their_turn() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let own = node.id();
    let _answerer = answering(&node, &["--exec", "cat"]);
    let questions: Vec<_> = (0..12).map(|number| asking(&node, &[&own, &number.to_string()])).collect();
    for (number, question) in questions.into_iter().enumerate() {
        assert_eq!(end(question).stdout, number.to_string().as_bytes());
    }
}

#[test]
fn what_cannot_be_done_says_why_and_ends_with_its_code() {
    let (_one_dir, _two_dir, one, two) = pair();
    let (to, nobody, long) = (two.id(), "00".repeat(32), "x".repeat(32_769));
    for (args, code, why) in [
        (&["nobody", "hello"][..], 2, "64 hexadecimal digits"),
        (&[&to, &long], 2, "at most 32 KiB"),
        (&[&to, "hello", "--within", "3m"], 2, "at most two minutes"),
        (&[&to], 2, "Usage"),
        (&[&to, "hello"], 7, "nobody answers"),
    ] {
        let (ended, said) = refused(&one, args);
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let (code, why) = refused(&one, &[&nobody, "hello", "--within", "500ms"]);
    assert!(matches!(code, Some(4 | 5)) && why.contains("check the id"), "{code:?} {why}");

    let _answerer = answering(&two, &[]);
    let second = two.run(&["answer"]);
    assert_eq!(second.status.code(), Some(5), "{}", stderr(&second));
    assert!(stderr(&second).contains("another `tabmesh answer`"), "{}", stderr(&second));

    let mut command = tabmesh();
    command.args(["answer", "--data-dir"]).arg(&one.dir).args(["--exec", "/no/such/program"]);
    let missing = command.output().expect("it runs");
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("no program /no/such/program"), "{}", stderr(&missing));
}

#[test]
fn a_program_that_does_not_start_answers_nothing_and_ends_nothing() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let own = node.id();
    let program = dir.path().join("program");
    let write = |interpreter: &str| {
        std::fs::write(&program, format!("#!{interpreter}\ncat\n")).expect("written");
        std::fs::set_permissions(&program, Permissions::from_mode(0o700)).expect("set");
    };
    write("/no/such/interpreter");
    let mut answerer = answering(&node, &["--exec", program.to_str().expect("a text")]);
    let (code, why) = refused(&node, &[&own, "hello"]);
    assert!(code == Some(7) && why.contains("failed at this question"), "{code:?} {why}");
    assert!(answerer.complaint().contains("program"));
    write("/bin/sh");
    assert_eq!(end(asking(&node, &[&own, "hello"])).stdout, b"hello");
}

#[test]
fn one_asker_does_not_have_all_programs() {
    let (_one_dir, _two_dir, one, two) = pair();
    let to = two.id();
    let script = r#"read -r what; test "$what" != wait || { echo waits >&2; sleep 600; }; echo so"#;
    let mut answerer = answering(&two, &["--exec", "sh", "-c", script]);
    let mut waiting: Vec<_> = (0..8).map(|_| asking(&one, &[&to, "wait\n", "--within", "2m"])).collect();
    for _ in 0..3 {
        assert_eq!(answerer.complaint(), "waits\n");
    }
    let own = end(asking(&two, &[&to, "go\n", "--within", "20s"]));
    assert_eq!(own.stdout, b"so\n", "{}", stderr(&own));
    for question in &mut waiting {
        question.kill().expect("killed");
        question.wait().expect("ended");
    }
}
