//! Goal: `tabmesh job` has others run tasks, goes on after whatever ended it, and tells what went wrong with the way out. Method: real
//! processes that meet at a signalling server in this process, on loopback.

mod common;

use std::path::{Path, PathBuf};

use common::disk::Disk;
use common::guest::{ADD, COMPLAINS, DOUBLE, ENDLESS, SUM, sum};
use common::place::{Place, last_json, root};
use common::program::*;
use serde_json::Value;

fn count(dir: &Path, ending: &str) -> usize {
    let Ok(files) = std::fs::read_dir(dir) else { return 0 };
    files
        .filter(|file| file.as_ref().is_ok_and(|file| file.file_name().to_string_lossy().ends_with(ending)))
        .count()
}

#[test]
fn a_job_comes_to_the_right_outputs_and_its_receipts_are_proofs() {
    let place = Place::new(3);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(200, 20));
    let out = place.text("out");
    let output = place.job(&["run", &sum_wasm, "--lines", &lines, "-o", &out, "--json"]);
    let root_of_all = root(&output);
    for number in 0..200 {
        let written = std::fs::read(place.path(&format!("out/{number:03}.out"))).expect("there");
        assert_eq!(written, sum(&format!("{number:020}")));
    }
    assert_eq!(count(&place.path("out"), ".part"), 0);

    let receipts: Vec<String> =
        (0..200).map(|number| place.text(&format!("out/{number:03}.receipt"))).collect();
    let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
    let verify = |args: &[&str]| tabmesh().args(["job", "verify"]).args(args).output().expect("it runs");
    assert!(verify(&receipts).status.success());
    // One that is not there keeps no other from being checked.
    std::fs::write(place.path("none"), "none").expect("written");
    for (middle, code, why) in [("nothing", 1, "1 could not be read"), ("none", 7, "1 did not hold")] {
        let checked = verify(&[receipts[0], &place.text(middle), receipts[1]]);
        assert_eq!(checked.status.code(), Some(code), "{}", stderr(&checked));
        assert_eq!(String::from_utf8_lossy(&checked.stdout).matches(": holds: ").count(), 2);
        assert!(stderr(&checked).contains(&format!("of 3 receipts {why}")), "{}", stderr(&checked));
    }

    std::fs::write(place.path("input"), format!("{:020}", 7)).expect("written");
    let (input, output) = (place.text("input"), place.text("out/007.out"));
    let (module, of) = (["--module", &sum_wasm], ["--input", &input, "--output", &output]);
    assert!(verify(&[&receipts[7..8], &module, &of, &["--network", "tabmesh"]].concat()).status.success());
    for args in [
        [&receipts[8..9], &module[..], &of[..]].concat(),
        [&receipts[7..8], &module, &of, &["--gas", "5"]].concat(),
        [&receipts[7..8], &["--output", &input]].concat(),
        [&receipts[7..8], &["--network", "other"]].concat(),
    ] {
        assert_eq!(verify(&args).status.code(), Some(7), "{args:?}");
    }
    let receipt = std::fs::read(receipts[7]).expect("there");
    for at in (0..receipt.len()).step_by(7) {
        let mut changed = receipt.clone();
        changed[at] ^= 0x40;
        let path = place.text("changed");
        std::fs::write(&path, changed).expect("written");
        assert_eq!(verify(&[&path]).status.code(), Some(7), "byte {at}");
    }

    // Another level, and in order: the same root.
    let output = place.job(&[
        "run",
        &sum_wasm,
        "--lines",
        &lines,
        "-o",
        &place.text("other"),
        "--json",
        "--validation",
        "1",
        "--in-order",
    ]);
    assert_eq!(root(&output), root_of_all);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let numbers: Vec<u64> = told.iter().filter_map(|line| line["number"].as_u64()).collect();
    assert!(numbers.len() >= 200 && numbers[..200].is_sorted());
}

#[test]
fn whatever_is_killed_the_job_goes_on_and_has_the_same_root() {
    let mut place = Place::new(3);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(300, 6_000));
    let args = |out: &str| ["run", &sum_wasm, "--lines", &lines, "-o", out, "--json"].map(str::to_owned);
    let whole = place.job(&args(&place.text("whole")).each_ref().map(String::as_str));
    let expected = root(&whole);

    let mut killed = place.spawn(&args(&place.text("out")).each_ref().map(String::as_str));
    let out = place.path("out");
    until("begun", || count(&out, ".out") >= 20);
    // An executor goes first, then the command.
    place.offering.pop();
    until("further", || count(&out, ".out") >= 60);
    killed.signal("-KILL");
    let _ = killed.wait();
    let done = count(&out, ".out");
    assert!(done < 300, "it was killed in the middle");
    until("cancelled at the node", || {
        place.asking.json(&["job", "status"]).as_array().is_some_and(Vec::is_empty)
    });
    // What a kill may leave: half a record, half a file.
    std::fs::write(out.join("250.out.part"), "half").expect("written");
    let journal = std::fs::read(out.join("job.journal")).expect("there");
    std::fs::write(out.join("job.journal"), &journal[..journal.len() - 50]).expect("written");
    // What has no record any more, or another content than it says, is done again.
    let spoilt = (0..300).map(|number| out.join(format!("{number:03}.out"))).find(|file| file.exists());
    std::fs::write(spoilt.expect("one"), "spoilt").expect("written");

    let resumed = place.job(&["resume", &place.text("out"), "--json"]);
    assert_eq!(root(&resumed), expected);
    for number in 0..300 {
        let written = std::fs::read(out.join(format!("{number:03}.out"))).expect("there");
        assert_eq!(written, sum(&format!("{number:06000}")));
    }
    // A job that is done stays so.
    let again = place.job(&["resume", &place.text("out"), "--json"]);
    assert_eq!(root(&again), expected);
    assert!(last_json(&again)["executors"].as_u64() > Some(0), "who computed is told again");
    let taken = place.job(&args(&place.text("out")).each_ref().map(String::as_str));
    assert_eq!(taken.status.code(), Some(2));

    // Another input is told, also where the output that would show it is gone.
    let given = std::fs::read_to_string(&lines).expect("there");
    std::fs::write(&lines, given.replacen('0', "9", 1)).expect("written");
    std::fs::remove_file(out.join("000.out")).expect("there");
    let changed = place.job(&["resume", &place.text("out")]);
    assert_eq!(changed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&changed.stderr).contains("is another than when its task was run"));
    assert!(!out.join("000.out").exists());
    assert!(stderr(&taken).contains("job resume"), "{}", stderr(&taken));
}

#[test]
fn an_interrupted_command_says_how_to_go_on_and_so_does_a_cancelled_one() {
    let place = Place::new(2);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(300, 6_000));
    for how in ["ctrl-c", "cancel"] {
        let out = place.text(how);
        let mut command = place.spawn(&["run", &sum_wasm, "--lines", &lines, "-o", &out]);
        until("begun", || count(Path::new(&out), ".out") >= 10);
        if how == "cancel" {
            let job = place.asking.json(&["job", "status"])[0]["job"].to_string();
            assert!(place.job(&["cancel", &job]).status.success());
            assert_eq!(place.job(&["cancel", &job]).status.code(), Some(4));
        } else {
            command.signal("-INT");
        }
        let code = command.code();
        assert_eq!(code, Some(if how == "cancel" { 7 } else { 130 }));
        let mut said = String::new();
        std::io::Read::read_to_string(command.stderr.as_mut().expect("a pipe"), &mut said).expect("read");
        assert!(said.contains(&format!("tabmesh job resume {out}")), "{said}");
        until("over at the node", || {
            place.asking.json(&["job", "status"]).as_array().is_some_and(Vec::is_empty)
        });
        assert!(place.job(&["resume", &out]).status.success());
    }
}

#[test]
fn outputs_are_reduced_and_what_is_wrong_is_told_before_anything_runs() {
    let place = Place::new(2);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(100, 10));
    let (add, double) = (place.module("add", ADD), place.module("double", DOUBLE));
    let expected: u64 = (0..100).map(|number| u64::from_le_bytes(sum(&format!("{number:010}")))).sum();
    let mut roots = Vec::new();
    for level in ["0", "2"] {
        let out = place.text(&format!("out{level}"));
        let output = place.job(&[
            "run",
            &sum_wasm,
            "--lines",
            &lines,
            "-o",
            &out,
            "--json",
            "--validation",
            level,
            "--reduce",
            &add,
            "--arity",
            "8",
            "--then",
            &double,
        ]);
        roots.push(root(&output));
        let told = last_json(&output);
        // 100 → 13 → 2 → 1, and one more.
        assert_eq!(told["all"], 100 + 13 + 2 + 1 + 1);
        let result = std::fs::read(told["result"].as_str().expect("one")).expect("there");
        assert_eq!(result, (2 * expected).to_le_bytes());
    }
    assert_eq!(roots[0], roots[1]);

    let refused = |args: &[&str], code: i32, way_out: &str| {
        let output = place.job(&[&["run"], args, &["-o", &place.text("refused")]].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(way_out), "{args:?}: {}", stderr(&output));
        assert!(!place.path("refused/job.json").exists());
    };
    refused(&[&sum_wasm], 2, "--lines");
    refused(&[&lines, &lines], 17, "no Wasm module");
    refused(&[&sum_wasm, &lines, &lines], 2, "names of their own");
    let long = place.text(&"n".repeat(250));
    std::fs::write(&long, "a result of it would have no name").expect("written");
    refused(&[&sum_wasm, &long], 2, "shorter");
    refused(&[&sum_wasm, &place.text("nothing")], 1, "cannot be read");
    refused(&[&sum_wasm, &place.text(".")], 1, "name the files in it");
    let cid = "bafkreibpr67sty7w65larettuf5st5jxuga46s4ejvbgu7epmcruhfr6py";
    refused(&[&sum_wasm, &place.text(cid)], 1, "write cid: before it");
    refused(&[&sum_wasm, &lines, "--piece", "100"], 15, "step");
    std::fs::write(place.path("empty"), "").expect("written");
    refused(&[&sum_wasm, "--lines", &place.text("empty")], 2, "no inputs");
    let output = place.job(&["run", &sum_wasm, &lines, "-o", &lines]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("choose another --output"), "{}", stderr(&output));
}

#[test]
fn tasks_that_fail_tell_why_and_what_awaits_them_fails_too() {
    let place = Place::new(2);
    let (complains, add) = (place.module("complains", COMPLAINS), place.module("add", ADD));
    let lines = place.lines(3, 3);
    let output = place.job(&[
        "run",
        &complains,
        "--lines",
        &lines,
        "-o",
        &place.text("out"),
        "--reduce",
        &add,
        "--arity",
        "2",
    ]);
    let said = stderr(&output);
    // Three exit; the two of the next level, and the last, have an input that has no output.
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("0: EXIT, as 2 executors say"), "{said}");
    assert!(said.contains("its log, in 0.log, ends with: this is no image"), "{said}");
    assert!(said.contains("reduce-1-0: INPUT_FAILED: 0"), "{said}");
    assert_eq!(std::fs::read(place.path("out/0.log")).expect("there"), b"this is no image\n");
    assert!(!place.path("out/0.out").exists());

    let endless = place.module("endless", ENDLESS);
    let output = place.job(&["run", &endless, &lines, "-o", &place.text("other"), "--gas", "1000000"]);
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert!(stderr(&output).contains("lines: OUT_OF_GAS"), "{}", stderr(&output));
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    if !rustix::process::geteuid().is_root() {
        assert!(std::env::var_os("CI").is_none(), "only root can mount the small file system");
        return eprintln!("skipped: only root can mount the small file system");
    }
    let place = Place::new(2);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(100, 20));
    let disk = Disk::mount("1m");
    let out = disk.place.join("out");
    let out = out.to_str().expect("plain");
    let filler = disk.place.join("filler");
    std::fs::write(&filler, vec![0; 700 << 10]).expect("there is room");
    let output = place.job(&["run", &sum_wasm, "--lines", &lines, "-o", out]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output)
            .contains(&format!("make room or correct it, and go on with `tabmesh job resume {out}`"))
    );
    assert_eq!(count(Path::new(out), ".part"), 0);
    let done = count(Path::new(out), ".out");
    assert!((1..100).contains(&done), "{done} were written");
    std::fs::remove_file(&filler).expect("removed");
    assert!(place.job(&["resume", out]).status.success());
    assert_eq!(count(Path::new(out), ".out"), 100);
}

#[test]
fn a_liar_is_found_and_an_offer_is_withdrawn() {
    let liar = PathBuf::from(env!("CARGO_BIN_EXE_tabmesh")).with_file_name("examples").join("liar");
    let place = Place::with(3, &[liar]);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(300, 200));
    let liar = place.offering[3].id();
    let of = |id: &str| {
        let records = place.asking.json(&["job", "records"]);
        records.as_array().expect("a list").iter().find(|record| record["executor"] == id).cloned()
    };
    let mut turn = 0;
    until("the liar checked", || {
        turn += 1;
        for level in ["1", "2"] {
            let out = place.path(&format!("{turn}-{level}"));
            let directory = out.to_str().expect("plain");
            let output =
                place.job(&["run", &sum_wasm, "--lines", &lines, "-o", directory, "--validation", level]);
            assert!(output.status.success(), "{}", stderr(&output));
            for number in 0..300 {
                let written = std::fs::read(out.join(format!("{number:03}.out"))).expect("there");
                assert_eq!(written, sum(&format!("{number:0200}")), "level {level}");
            }
        }
        of(&liar).is_some()
    });
    assert!(of(&place.offering[0].id()).expect("checked")["confirmed"].as_u64() > Some(0));
    assert_eq!(of(&liar).expect("checked")["confirmed"], 0);
    assert!(place.job(&["records", "--clear"]).status.success());
    assert_eq!(place.asking.json(&["job", "records"]).as_array().map(Vec::len), Some(0));

    let one = &place.offering[0];
    let metrics = one.http("/metrics");
    assert!(metrics.lines().any(|line| line.starts_with("tabmesh_tasks_total{status=\"OK\"} ")), "{metrics}");
    assert!(!metrics.contains(&place.asking.id()), "no label is a peer");
    assert!(one.run(&["offer", "off"]).status.success());
    assert!(one.json(&["offer", "status"])["offer"].is_null());
    assert_eq!(one.json(&["offer", "on", "--cores", "2"])["offer"]["cores"], 2);
}
