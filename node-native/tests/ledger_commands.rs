//! Goal: `tabmesh ledger` makes genesis files that begin a ledger, refuses those that do not, and shows what a proof shows. Method: the
//! program itself, without any node.

mod common;

use std::path::Path;
use std::process::{Output, Stdio};

use common::program::{stderr, tabmesh};
use common::temporary;
use serde_json::Value;

fn ledger(words: &[&str]) -> Output {
    tabmesh().arg("ledger").args(words).stdin(Stdio::null()).output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("JSON: {}", stderr(output)))
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).display().to_string()
}

/// `--voter KEY=10` of four keys, which need be no points for this.
fn voters() -> Vec<String> {
    (1..=4)
        .flat_map(|digit| ["--voter".to_owned(), format!("{}=10", digit.to_string().repeat(128))])
        .collect()
}

fn made(dir: &Path, name: &str, more: &[&str]) -> (Output, String) {
    let file = path(dir, name);
    let voters = voters();
    let mut words = vec!["genesis", "new", "--output", &file, "--starts-ms", "1800000000000"];
    words.extend(voters.iter().map(String::as_str));
    words.extend(more);
    (ledger(&words), file)
}

#[test]
fn a_genesis_is_made_checked_and_proved() {
    let dir = temporary();
    let (alice, nobody) = ("a".repeat(64), "b".repeat(64));
    let account = format!("{alice}=12.5");
    let (new, file) = made(dir.path(), "genesis.toml", &["--test", "--account", &account]);
    assert_eq!(new.status.code(), Some(0), "{}", stderr(&new));
    let (again, _) = made(dir.path(), "genesis.toml", &[]);
    assert_eq!(again.status.code(), Some(2), "what is there is not written over");
    assert!(stderr(&again).contains("there already"), "{}", stderr(&again));

    let checked = ledger(&["genesis", "check", &file, "--json"]);
    let checked = json(&checked);
    assert_eq!(checked["credits"], "4052.5");
    assert_eq!(checked["accounts"], 1);
    assert_eq!(checked["voters"].as_array().map(Vec::len), Some(4));
    let (_, other) = made(dir.path(), "other.toml", &["--account", &account]);
    let other = json(&ledger(&["genesis", "check", &other, "--json"]));
    assert_eq!(checked["root"], other["root"], "the same accounts");
    assert_ne!(checked["id"], other["id"], "another ledger, for it is no test");

    let root = checked["root"].as_str().expect("a root");
    let proof = path(dir.path(), "alice.proof");
    let proved = ledger(&["genesis", "prove", &file, "--account", &alice, "--output", &proof]);
    assert_eq!(proved.status.code(), Some(0), "{}", stderr(&proved));
    let shown = ledger(&["verify", &proof, "--account", &alice, "--root", root]);
    assert_eq!(stdout(&shown), "present: 12.5 credits, 0 bonded, next operation 0\n", "{}", stderr(&shown));
    let shown = ledger(&["verify", &proof, "--account", &alice, "--genesis", &file, "--json"]);
    assert_eq!(json(&shown)["balance"], "12.5");

    let absent = path(dir.path(), "nobody.proof");
    ledger(&["genesis", "prove", &file, "--account", &nobody, "--output", &absent]);
    let shown = ledger(&["verify", &absent, "--account", &nobody, "--root", root]);
    assert_eq!((shown.status.code(), stdout(&shown).starts_with("absent")), (Some(0), true));
    let name = path(dir.path(), "name.proof");
    ledger(&["genesis", "prove", &file, "--name", "a shop", "--output", &name]);
    let shown = ledger(&["verify", &name, "--name", "a shop", "--root", root, "--json"]);
    assert_eq!(json(&shown)["present"], false);

    // Of another account, under another root, or with another bit, it shows nothing.
    let wrong = "0".repeat(64);
    let mut bytes = std::fs::read(&proof).expect("a proof");
    bytes[40] ^= 1;
    let broken = path(dir.path(), "broken.proof");
    std::fs::write(&broken, &bytes).expect("written");
    for words in [
        ["verify", &proof, "--account", &alice, "--root", &wrong],
        ["verify", &broken, "--account", &alice, "--root", root],
        ["verify", &file, "--account", &alice, "--root", root],
    ] {
        let shown = ledger(&words);
        assert_eq!(shown.status.code(), Some(7), "{words:?}: {}", stdout(&shown));
        assert_eq!(stdout(&shown), "");
        assert!(stderr(&shown).contains("no proof"), "{}", stderr(&shown));
    }
}

#[test]
fn a_genesis_that_could_not_go_on_is_refused_with_what_to_do() {
    let dir = temporary();
    for (more, said) in [
        (&["--epoch-ms", "10"][..], "1,000 to 3,600,000 ms"),
        (&["--units", "20000"], "64 to 16,384"),
        (&["--stake", "0"], "1 credit"),
        (&["--price", "0"], "0.000001"),
        (&["--account", &format!("{}=0.0001", "c".repeat(64))], "64 epochs"),
        (
            &["--account", &format!("{}=1", "c".repeat(64)), "--account", &format!("{}=1", "c".repeat(64))],
            "twice",
        ),
        (&["--account", &format!("{}=18000000000000", "c".repeat(64))], "in all"),
    ] {
        let (new, file) = made(dir.path(), "never.toml", more);
        assert_eq!(new.status.code(), Some(2), "{more:?}");
        assert!(stderr(&new).contains(said), "{}", stderr(&new));
        assert!(!Path::new(&file).exists());
    }
    let (_, file) = made(dir.path(), "good.toml", &[]);
    let text = std::fs::read_to_string(&file).expect("a text");
    for (from, to, said) in [
        ("units = 384", "units = 384\nunit = 1", "unknown field `unit`"),
        ("units = 384", "", "missing field `units`"),
        ("fee = \"0.001\"", "fee = 1", "string"),
        ("fee = \"0.001\"", "fee = \"0.0000001\"", "six decimals"),
        (&"1".repeat(128), &"1".repeat(127), "128 hexadecimal digits"),
        (&"1".repeat(128), &"2".repeat(128), "twice"),
    ] {
        assert!(text.contains(from), "{text}");
        let changed = path(dir.path(), "changed.toml");
        std::fs::write(&changed, text.replacen(from, to, 1)).expect("written");
        let checked = ledger(&["genesis", "check", &changed]);
        assert_eq!(checked.status.code(), Some(2), "{from} to {to}");
        assert!(stderr(&checked).contains(said), "{}", stderr(&checked));
    }
    let gone = ledger(&["genesis", "check", &path(dir.path(), "gone.toml")]);
    assert_eq!(gone.status.code(), Some(1), "{}", stderr(&gone));
}

#[test]
fn a_nodes_key_names_a_voter() {
    let dir = temporary();
    let data = path(dir.path(), "node");
    let key = ledger(&["key", "--data-dir", &data]);
    assert_eq!(key.status.code(), Some(0), "{}", stderr(&key));
    let key = stdout(&key);
    assert_eq!(key.trim_end().len(), 128);
    let id = tabmesh().args(["id", "--data-dir", &data]).output().expect("it runs");
    let voter = format!("{}=1", key.trim_end());
    let (new, file) = made(dir.path(), "genesis.toml", &["--voter", &voter]);
    assert_eq!(new.status.code(), Some(0), "{}", stderr(&new));
    let checked = ledger(&["genesis", "check", &file]);
    assert!(stdout(&checked).contains(stdout(&id).trim_end()), "{}", stdout(&checked));
}
