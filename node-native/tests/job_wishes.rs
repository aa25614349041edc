//! Goal: how a job is dealt with, by `tabmesh job`: it ends at its deadline, this node computes beside others or alone, pauses, and is for some
//! alone; a checkpoint goes on elsewhere; what cannot be had is refused. Method: real processes that meet at a signalling server in this process, on loopback.

mod common;

use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::guest::{ADD, ENDLESS, SUM};
use common::place::Place;
use common::program::*;
use serde_json::Value;
use tabmesh_native::identity::hex_of;

/// The last line of an answer in JSON.
fn last_json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().expect("a line")).expect("JSON")
}

#[test]
fn a_job_ends_at_its_deadline_and_what_came_stands() {
    let place = Place::new(1);
    let (endless, lines) = (place.module("endless", ENDLESS), place.lines(2, 4));
    let out = place.text("out");
    let args = [
        "run",
        &endless,
        "--lines",
        &lines,
        "-o",
        &out,
        "--gas",
        "100000000000",
        "--deadline",
        "3",
        "--json",
    ];
    let output = place.job(&args);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("deadline with 0 of 2 decided"), "{}", stderr(&output));
    let late = r#"{"late":{"all":2,"decided":0,"why":"there was too little time"}}"#;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(late), "{told}");
    assert!(place.asking.json(&["job", "status"]).as_array().is_some_and(Vec::is_empty));
    // It goes on, and has another deadline.
    let output = place.job(&["resume", &out, "--deadline", "1"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}

#[test]
fn what_holds_a_job_up_is_told_at_its_deadline_however_early_that_is() {
    let place = Place::new(1);
    let (sum, lines) = (place.module("sum", SUM), place.lines(2, 4));
    let late = |out: &str, input: &[&str], more: &[&str]| {
        let out = place.text(out);
        let output = place.job(&[&["run", &sum], input, &["-o", &out], more].concat());
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        stderr(&output)
    };
    let given = &["--lines", &lines];
    let nobody = "ab".repeat(32);
    let said = late("only", given, &["--deadline", "2", "--only", &nobody]);
    assert!(said.contains("with 0 of 2 decided: none of the executors that --only names"), "{said}");
    let cid = "cid:bafkreibpr67sty7w65larettuf5st5jxuga46s4ejvbgu7epmcruhfr6py";
    let said = late("missing", &[cid], &["--deadline", "4", "--validation", "0"]);
    assert!(said.contains("with 0 of 1 decided: input missing: bafkrei"), "{said}");
    // Of owners nothing was said: there is one executor.
    let said = late("few", given, &["--deadline", "6", "--validation", "3"]);
    assert!(said.contains("the job does not go on: fewer executors are there than this level"), "{said}");
    assert!(said.contains("decided: fewer executors are there"), "{said}");
    assert!(place.offering[0].run(&["offer", "off"]).status.success());
    let said = late("off", given, &["--deadline", "2", "--validation", "0"]);
    assert!(said.contains("with 0 of 2 decided: none of those who were found"), "{said}");
    assert!(said.contains("they offer no more"), "{said}");
}

#[test]
fn this_node_computes_alone_or_beside_others_and_comes_to_the_same() {
    let place = Place::new(1);
    let (sum, lines) = (place.module("sum", SUM), place.lines(60, 200));
    let run = |out: &str, more: &[&str]| {
        let out = place.text(out);
        let args = [&["run", &sum, "--lines", &lines, "-o", &out, "--json"], more].concat();
        let output = place.job(&args);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let mut who: Vec<String> =
            told.iter().filter_map(|line| line["executor"].as_str().map(str::to_owned)).collect();
        who.sort_unstable();
        who.dedup();
        (who, told.last().expect("a line")["root"].clone())
    };
    let (own, other) = (place.asking.id(), place.offering[0].id());
    let (who, root) = run("alone", &["--where", "local"]);
    assert_eq!(who, std::slice::from_ref(&own));
    let (who, beside) =
        run("beside", &["--where", "both", "--own-cores", "1", "--validation", "0", "--priority", "2"]);
    assert!(who.contains(&own), "{who:?}");
    assert_eq!(beside, root);
    let (who, group) = run("group", &["--only", &other, "--validation", "0"]);
    assert_eq!((who, &group), (vec![other], &root));
    // Whoever names itself computes.
    let (who, itself) = run("itself", &["--only", &own]);
    assert_eq!((who, itself), (vec![own], root));
}

#[test]
fn a_job_pauses_and_goes_on_by_another_command() {
    let place = Place::new(1);
    let (sum, lines) = (place.module("sum", SUM), place.lines(400, 6_000));
    let out = place.text("out");
    let mut job = place.spawn(&["run", &sum, "--lines", &lines, "-o", &out, "--validation", "0"]);
    until("begun", || place.path("out/000.out").exists());
    let number = place.asking.json(&["job", "status"])[0]["job"].to_string();
    place.asking.json(&["job", "pause", &number]);
    let accepted = || place.asking.json(&["job", "status"])[0]["accepted"].clone();
    assert_eq!(place.asking.json(&["job", "status"])[0]["paused"], true);
    // What is out goes on, and then nothing does.
    let mut before = accepted();
    until("quiet", || {
        std::thread::sleep(std::time::Duration::from_secs(3));
        std::mem::replace(&mut before, accepted()) == before
    });
    assert!(job.try_wait().expect("asked").is_none(), "it is not over");
    place.asking.json(&["job", "unpause", &number]);
    assert_eq!(job.code(), Some(0));
    let mut said = String::new();
    std::io::Read::read_to_string(job.stderr.as_mut().expect("a pipe"), &mut said).expect("read");
    assert!(said.contains(&format!("the job is paused: `tabmesh job unpause {number}`")), "{said}");
    assert!(said.contains("the job goes on"), "{said}");
    let none = place.job(&["pause", "999"]);
    assert!(!none.status.success() && stderr(&none).contains("no such job"), "{}", stderr(&none));
}

#[test]
fn what_cannot_be_had_is_refused_in_words() {
    let place = Place::new(1);
    let (sum, lines) = (place.module("sum", SUM), place.lines(2, 4));
    let run = |more: &[&str]| {
        place.job(&[&["run", &sum, "--lines", &lines, "-o", &place.text("out")], more].concat())
    };
    let paid = run(&["--budget", "5"]);
    assert_eq!(paid.status.code(), Some(2), "{}", stderr(&paid));
    assert!(stderr(&paid).contains("nothing is paid"), "{}", stderr(&paid));
    for bad in [
        ["--priority", "4"],
        ["--only", "nobody"],
        ["--own-cores", "0"],
        ["--where", "there"],
        ["--deadline", "0"],
    ] {
        assert_eq!(run(&bad).status.code(), Some(2), "{bad:?}");
    }
    let negative = run(&["--priority", "-1"]);
    assert!(stderr(&negative).contains("--priority"), "it names the option: {}", stderr(&negative));
    assert!(!place.path("out").exists(), "nothing of a job that was refused is in the way of the next try");
    let offer = |more: &[&str]| place.offering[0].run(&[&["offer", "on"], more].concat());
    assert!(stderr(&offer(&["--least-price", "1"])).contains("nothing is paid"));
    assert!(stderr(&offer(&["--owner", &"x".repeat(33)])).contains("1 to 32 bytes"));
    assert!(offer(&["--owner", "a lab"]).status.success());
    let owner = hex_of(&tabmesh_engine::sha256(b"a lab"));
    assert_eq!(place.offering[0].json(&["offer", "status"])["offer"]["owner"], owner);
    let shown = place.offering[0].run(&["offer", "status"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains(&format!("owner     {owner}")));
}

#[test]
fn a_checkpoint_goes_on_in_another_directory_and_runs_nothing_again() {
    let place = Place::new(1);
    let (sum, lines, out) = (place.module("sum", SUM), place.lines(80, 50), place.text("out"));
    let run = [
        "run",
        &sum,
        "--lines",
        &lines,
        "-o",
        &out,
        "--reduce",
        &place.module("add", ADD),
        "--validation",
        "0",
    ];
    let begun = place.job(&[&run[..], &["--json"]].concat());
    let expected = last_json(&begun);
    let name =
        place.asking.json(&["job", "checkpoint", &out])["checkpoint"].as_str().expect("a name").to_owned();
    let other = place.text("other");
    let resumed = place.job(&["resume", &format!("cid:{name}"), "-o", &other, "--json"]);
    let end = last_json(&resumed);
    assert_eq!((&end["root"], &end["cid"]), (&expected["root"], &expected["cid"]));
    assert!(!String::from_utf8_lossy(&resumed.stdout).contains("executor\":"), "nothing ran");
    let output = |dir: &str| {
        let files =
            std::fs::read_dir(place.path(dir)).expect("there").map(|file| file.expect("there").path());
        let mut outputs: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|ending| ending == "out"))
            .map(|file| (file.file_name().map(ToOwned::to_owned), std::fs::read(file).expect("there")))
            .collect();
        outputs.sort();
        outputs
    };
    assert_eq!(output("out"), output("other"));
    for (args, why) in [
        (vec!["resume", &name], "name it by --output"),
        (vec!["resume", &name, "-o", &other], "has a job already"),
        (vec!["resume", &name[..name.len() - 1], "-o", "none"], "names no checkpoint"),
        (vec!["resume", "nothing#key", "-o", "none"], "names no checkpoint"),
        (vec!["resume", "cid:nothing#key", "-o", "none"], "names no checkpoint"),
    ] {
        let refused = place.job(&args);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
    }
}

#[test]
fn a_checkpoint_of_a_graph_is_left_to_a_page() {
    let place = Place::new(1);
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/jobs.json")).expect("JSON");
    let case = &vectors["checkpoints"][0];
    let sealed = STANDARD.decode(case["sealed"].as_str().expect("a text")).expect("base64");
    std::fs::write(place.path("sealed"), sealed).expect("written");
    let put = place.asking.json(&["put", &place.text("sealed")]);
    let cid = put["put"]["cid"].as_str().expect("a CID");
    let name = format!("{cid}#{}", case["key"].as_str().expect("a key"));
    let refused = place.job(&["resume", &name, "-o", &place.text("out")]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("resume it in a page"), "{}", stderr(&refused));
    assert!(!place.path("out").exists());
}
