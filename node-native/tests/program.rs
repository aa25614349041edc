//! Goal: the program does what its help says. Method: real processes of `tabmesh` on loopback, each with its own data
//! directory, and its commands against them.

mod common;

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::program::*;
use common::{PATIENCE, temporary};
use serde_json::Value;

fn content(length: usize) -> Vec<u8> {
    let mut rng = tabmesh_engine::Rng::new(7);
    (0..length.div_ceil(8)).flat_map(|_| rng.next().to_le_bytes()).take(length).collect()
}

#[test]
fn a_file_goes_in_at_one_node_and_comes_out_at_another() {
    let (dir, _two_dir, one, two) = pair();
    let bytes = content(3_000_000);
    let file = dir.path().join("file");
    std::fs::write(&file, &bytes).expect("written");
    let put = one.run(&["put", file.to_str().expect("text"), "--progress"]);
    assert!(put.status.success(), "{}", stderr(&put));
    assert!(stderr(&put).contains("at least 1 other node"), "{}", stderr(&put));
    let cid = String::from_utf8(put.stdout).expect("text");
    let cid = cid.trim();

    let got = two.run(&["get", cid]);
    assert!(got.status.success(), "{}", stderr(&got));
    assert!(got.stdout == bytes, "to the standard output");
    let output = dir.path().join("copy");
    assert!(two.run(&["get", cid, "--output", output.to_str().expect("text")]).status.success());
    assert!(std::fs::read(&output).expect("there") == bytes, "to a file");
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("readable").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains(".part")), "{left:?}");
}

#[test]
fn kill_9_loses_no_acknowledged_file() {
    let (dir, _two_dir, mut one, two) = pair();
    let bytes = content(1_000_000);
    let file = dir.path().join("file");
    std::fs::write(&file, &bytes).expect("written");
    let put = one.json(&["put", file.to_str().expect("text")]);
    let cid = put["put"]["cid"].as_str().expect("a CID").to_owned();
    one.signal("-KILL");
    one.child.wait().expect("gone");
    drop(two);

    // Alone, with nobody to ask: every block must be on its own disk.
    let again = Node::start(dir.path(), &[]);
    let got = again.run(&["get", &cid]);
    assert!(got.status.success(), "{}", stderr(&got));
    assert!(got.stdout == bytes);
}

#[test]
fn commands_show_the_node_its_peers_and_the_way_to_others() {
    let (_one_dir, two_dir, one, two) = pair();
    let status = one.json(&["status"]);
    assert_eq!(status["network"], "tabmesh");
    let id = status["id"].as_str().expect("an id").to_owned();
    let printed = tabmesh().args(["id", "--data-dir"]).arg(&one.dir).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&printed.stdout).trim(), id);

    let peers = two.json(&["peers"]);
    assert_eq!(peers[0]["id"], id.as_str());
    assert_eq!(peers[0]["kind"], "websocket");
    assert_eq!(peers[0]["profile"], "native");
    assert_eq!(two.json(&["find", &id])[0], id.as_str());
    assert_eq!(two.json(&["send", &id, "hello"])["sent"], true);
    assert!(String::from_utf8_lossy(&two.run(&["peers"]).stdout).contains("NEIGHBOUR"));
    assert!(String::from_utf8_lossy(&two.run(&["status"]).stdout).contains("joined      yes"));
    let mode = |name: &str| two_dir.path().join(name).metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode("control.sock"), 0o600);
    assert_eq!(mode("identity.pem"), 0o600);
}

#[test]
fn health_and_metrics_are_served_and_other_paths_are_not() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let health = node.http("/healthz");
    assert!(health.starts_with("HTTP/1.1 200") && health.contains("\"status\":\"ok\""), "{health}");
    let metrics = node.http("/metrics");
    for name in ["tabmesh_links{", "tabmesh_joined 0", "tabmesh_resident_bytes ", "tabmesh_inputs_total{"] {
        assert!(metrics.contains(name), "no {name} in {metrics}");
    }
    assert!(node.http("/etc/passwd").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_signal_stops_a_node_politely_and_soon() {
    let (_one_dir, _two_dir, mut one, two) = pair();
    for name in ["-TERM", "-INT"] {
        let dir = temporary();
        let mut node = Node::start(dir.path(), &["--peer", &format!("ws://{}", two.address)]);
        node.until_joined();
        let start = Instant::now();
        node.signal(name);
        assert!(node.child.wait().expect("ended").success(), "{name}");
        assert!(start.elapsed() < Duration::from_secs(5), "{name}");
        assert!(!dir.path().join("control.sock").exists());
    }
    one.signal("-TERM");
    assert!(one.child.wait().expect("ended").success());
    until("rid of the one that left", || two.json(&["peers"]).as_array().is_some_and(Vec::is_empty));
}

#[test]
fn an_interrupted_command_leaves_nothing_behind() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let interrupt = |child: &mut Child| {
        let pid = child.id().to_string();
        std::thread::sleep(Duration::from_millis(500));
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        child.wait().expect("ended").code()
    };
    let mut put = tabmesh().args(["put", "-", "--data-dir"]).arg(dir.path()).stdin(Stdio::piped()).spawn();
    let put = put.as_mut().expect("it starts");
    // Data that never end. `wait` closes a pipe that it finds, and an end of the data is a file to put.
    let pipe = put.stdin.take();
    assert_eq!(interrupt(put), Some(130));
    drop(pipe);

    // A node without links tries for a while.
    let file = dir.path().join("copy");
    let unknown = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let mut get = tabmesh().args(["get", unknown, "-o"]).arg(&file).arg("--data-dir").arg(dir.path()).spawn();
    assert_eq!(interrupt(get.as_mut().expect("it starts")), Some(130));
    let names = std::fs::read_dir(dir.path()).expect("readable").flatten().map(|entry| entry.file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("copy")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(node.json(&["status"])["blocks"], 0);
}

#[test]
fn logs_are_json_where_asked_for() {
    let dir = temporary();
    let log = dir.path().join("log");
    let child = tabmesh()
        .args(["run", "--log-format", "json", "--data-dir"])
        .arg(dir.path())
        .stderr(std::fs::File::create(&log).expect("made"))
        .spawn()
        .expect("it starts");
    let mut node = Node { dir: dir.path().to_owned(), address: String::new(), child: Process(child) };
    until("running", || dir.path().join("control.sock").exists());
    node.signal("-TERM");
    assert!(node.child.wait().expect("ended").success());
    let text = std::fs::read_to_string(&log).expect("readable");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().any(|line| line["message"] == "the node runs" && line["id"].is_string()), "{text}");
    assert!(lines.iter().any(|line| line["message"] == "stopped"), "{text}");
}

#[test]
fn what_cannot_be_done_says_why_and_ends_with_its_code() {
    let dir = temporary();
    let missing = dir.path().join("nowhere");
    let no_node = tabmesh().args(["status", "--data-dir"]).arg(&missing).output().expect("it runs");
    assert_eq!(no_node.status.code(), Some(3));
    assert!(stderr(&no_node).contains("tabmesh run"), "{}", stderr(&no_node));

    let (_one_dir, two_dir, _one, two) = pair();
    let unknown = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    let output = two.run(&["get", unknown, "-o", missing.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("no node that should have it"), "{}", stderr(&output));
    assert!(!missing.exists());
    let nobody = "00".repeat(32);
    let output = two.run(&["send", &nobody, "hello"]);
    assert!(matches!(output.status.code(), Some(4 | 5)), "{}", stderr(&output));
    assert!(stderr(&output).contains("check the id"), "{}", stderr(&output));
    for args in [&["get", "no-cid"][..], &["find", "me"], &["send", "nobody", "hello"], &["dance"]] {
        let output = two.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(two.run(&["put", "/no/such/file"]).status.code(), Some(1));

    let second = tabmesh().args(["run", "--data-dir"]).arg(two_dir.path()).output().expect("it ends");
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("another node runs"), "{}", stderr(&second));
    assert_eq!(two.json(&["status"])["joined"], true, "the first node goes on");
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let dir = temporary();
    let config = dir.path().join("tabmesh.toml");
    std::fs::write(&config, "network = \"file\"\nquota = \"5MiB\"\nlevel = 1\n").expect("written");
    let status = |environment: Option<&str>, flag: Option<&str>| {
        let data = temporary();
        let mut command = tabmesh();
        command.args(["run", "--config"]).arg(&config).arg("--data-dir").arg(data.path());
        command.args(flag.map(|name| ["--network", name]).iter().flatten());
        if let Some(name) = environment {
            command.env("TABMESH_NETWORK", name);
        }
        let child = command.stderr(Stdio::null()).spawn().expect("it starts");
        let node = Node { dir: data.path().to_owned(), address: String::new(), child: Process(child) };
        until("running", || data.path().join("control.sock").exists());
        node.json(&["status"])
    };
    assert_eq!(status(Some("environment"), Some("flag"))["network"], "flag");
    assert_eq!(status(Some("environment"), None)["network"], "environment");
    let plain = status(None, None);
    assert_eq!(plain["network"], "file");
    assert_eq!(plain["quota_bytes"], 5 << 20);

    std::fs::write(&config, "netwrk = \"typo\"\n").expect("written");
    let refused = tabmesh().args(["run", "--config"]).arg(&config).output().expect("it ends");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("netwrk") && stderr(&refused).contains("line 1"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn garbage_at_the_control_socket_is_answered_and_harms_nobody() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let header = |json: &str| {
        let mut frame = vec![1];
        frame.extend_from_slice(&(json.len() as u32).to_be_bytes());
        frame.extend_from_slice(json.as_bytes());
        frame
    };
    let garbage = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xff; 100_000],
        vec![1, 0xff, 0xff, 0xff, 0xff, 0],
        vec![2, 0, 0, 0, 1, 0],
        vec![3, 0, 0, 0, 0],
        header("not JSON"),
        header("{\"version\":1,\"request\":{\"dance\":{}}}"),
        header("{\"version\":1,\"request\":{\"get\":{\"cid\":\"x\",\"more\":1}}}"),
        header("{\"version\":2,\"request\":{\"status\":{}}}"),
        [header("{\"version\":1,\"request\":{\"put\":{}}}"), header("{}")].concat(),
    ];
    for bytes in &garbage {
        let mut stream = UnixStream::connect(dir.path().join("control.sock")).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        // The node may close before all of it is written.
        let _ = stream.write_all(bytes);
        let mut kind = [0; 5];
        stream.read_exact(&mut kind).expect("an answer comes");
        assert_eq!(kind[0], 1, "the answer is a header");
        let mut answer = vec![0; u32::from_be_bytes([kind[1], kind[2], kind[3], kind[4]]) as usize];
        stream.read_exact(&mut answer).expect("all of it");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(answer["error"]["code"], 200, "{answer}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.len() > 20), "{answer}");
    }
    // Half a frame and silence, on more connections than are served at once minus one.
    let silent: Vec<_> = (0..31)
        .map(|_| {
            let mut stream = UnixStream::connect(dir.path().join("control.sock")).expect("connected");
            stream.write_all(&[1, 0, 0]).expect("written");
            stream
        })
        .collect();
    assert_eq!(node.json(&["status"])["joined"], false);
    drop(silent);
}

#[test]
fn garbage_at_the_door_is_refused_and_harms_nobody() {
    let (_one_dir, _two_dir, one, _two) = pair();
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        &[0; 100_000],
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\nSec-WebSocket-Key: x\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(&one.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    let status = one.json(&["status"]);
    assert_eq!((&status["joined"], &status["links"]), (&Value::from(true), &Value::from(1)));
}

#[test]
fn a_file_that_changes_while_it_is_put_is_refused_and_leaves_nothing_held() {
    let (_one_dir, _two_dir, one, two) = pair();
    let dir = temporary();
    let path = dir.path().join("file");
    let content = content(8 << 20);
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("cut", |path| {
            OpenOptions::new().write(true).open(path).expect("open").set_len(5 << 20).expect("cut")
        }),
        ("overwritten", |path| {
            OpenOptions::new().write(true).open(path).expect("open").write_all(b"other").expect("written");
        }),
        ("removed", |path| std::fs::remove_file(path).expect("removed")),
        ("longer", |path| {
            OpenOptions::new().append(true).open(path).expect("open").write_all(b"more").expect("written");
        }),
    ];
    for (name, change) in changes {
        std::fs::write(&path, &content).expect("written");
        // A node that stands still takes no more than a socket holds.
        one.signal("-STOP");
        let child = tabmesh()
            .args(["put", "--progress", "--data-dir"])
            .args([&one.dir, &path])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        until("reading", || is_being_read(child.id(), &path));
        change(&path);
        one.signal("-CONT");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains("the file changed"), "{name}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{name}");
        assert_eq!(two.json(&["status"])["blocks"], 0, "{name}: nothing was placed on others");
    }
}

/// Whether a process has read something of a file.
fn is_being_read(pid: u32, path: &Path) -> bool {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    descriptors.filter(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|file| file == path)).any(
        |descriptor| {
            let info = format!("/proc/{pid}/fdinfo/{}", descriptor.file_name().to_string_lossy());
            let info = std::fs::read_to_string(info).unwrap_or_default();
            info.lines().next().is_some_and(|line| line.starts_with("pos:") && !line.ends_with("\t0"))
        },
    )
}

#[test]
fn a_put_without_a_standard_input_stores_nothing() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let put = |redirection: &str| {
        let script = format!(r#""$0" put - --data-dir "$1" {redirection}"#);
        Command::new("sh")
            .args(["-c", &script])
            .arg(tabmesh().get_program())
            .arg(&node.dir)
            .output()
            .expect("it ends")
    };
    let output = put("<&-");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("no standard input"), "{}", stderr(&output));
    assert_eq!(node.json(&["status"])["blocks"], 0);
    // An empty input is one.
    assert_ne!(put("</dev/null").status.code(), Some(2));
}

#[test]
fn what_a_node_keeps_is_its_owners_alone() {
    let dir = temporary();
    let place = dir.path().join("data");
    // A link where the lock would be must lead nowhere.
    let precious = dir.path().join("precious");
    std::fs::write(&precious, "precious").expect("written");
    std::fs::create_dir(&place).expect("made");
    std::os::unix::fs::symlink(&precious, place.join("lock")).expect("linked");
    let refused = tabmesh().args(["run", "--data-dir"]).arg(&place).output().expect("it ends");
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert_eq!(std::fs::read(&precious).expect("there"), b"precious");
    std::fs::remove_file(place.join("lock")).expect("removed");

    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o777)).expect("ours");
    let refused = tabmesh().args(["run", "--data-dir"]).arg(&place).output().expect("it ends");
    assert!(stderr(&refused).contains("every user may write to it"), "{}", stderr(&refused));
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).expect("ours");

    let mut command = Command::new("sh");
    command.args(["-c", r#"umask 000; exec "$@""#, "sh"]).arg(tabmesh().get_program());
    let _node = Node::start_by(command, &place, &[]);
    for name in ["identity.pem", "blocks.redb", "control.sock", "lock"] {
        let mode = std::fs::metadata(place.join(name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}
