//! Goal: inputs of a job may be files, lines and contents of the network, and a folder that somebody else made gives nothing else away. Method:
//! real processes that meet at a signalling server in this process, on loopback.

mod common;

use std::io::{BufRead, BufReader};

use common::guest::{SUM, sum};
use common::place::{Place, last_json, root};
use common::program::*;
use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_port::BlockHash;

/// Puts a content on the mesh: its CID.
fn put(place: &Place, name: &str, content: &str) -> String {
    std::fs::write(place.path(name), content).expect("written");
    place.asking.json(&["put", &place.text(name)])["put"]["cid"].as_str().expect("a CID").to_owned()
}

#[test]
fn a_job_has_one_cid_wherever_its_inputs_come_from() {
    let place = Place::new(2);
    let (sum_wasm, lines) = (place.module("sum", SUM), place.lines(3, 20));
    let out = place.text("out");
    let by_lines = place.job(&["run", &sum_wasm, "--lines", &lines, "-o", &out, "--json"]);
    let (expected, cid) = (root(&by_lines), last_json(&by_lines)["cid"].clone());
    assert!(cid.as_str().expect("a text").starts_with("bafkrei"));
    let cids: Vec<String> =
        (0..3).map(|number| put(&place, &format!("in-{number}"), &format!("{number:020}"))).collect();
    let list = put(&place, "list", &format!("{}\n", cids.join("\n")));
    let names: Vec<String> = cids.iter().map(|cid| format!("cid:{cid}")).collect();
    let mixed = [names[0].as_str(), &place.text("in-1"), &names[2]];
    // A list may be called as inputs are.
    let same = format!("cid:{list}");
    for (at, inputs) in [&["--list", &list][..], &mixed, &["--list", &same]].into_iter().enumerate() {
        let out = place.text(&format!("by-name-{at}"));
        let args = [&["run", &sum_wasm][..], inputs, &["-o", &out, "--json", "--validation", "0"]].concat();
        let output = place.job(&args);
        assert_eq!((root(&output), &last_json(&output)["cid"]), (expected.clone(), &cid));
        assert_eq!(root(&place.job(&["resume", &out, "--json"])), expected);
    }
    let written = std::fs::read(place.path(&format!("by-name-1/{}.out", cids[2]))).expect("there");
    assert_eq!(written, sum(&format!("{:020}", 2)));

    for bad in
        [&["cid:bafnonsense"][..], &["--list", "bafnonsense"], &["--list", "cid:"], &["--list", &cids[0]]]
    {
        let out = place.text("bad");
        let output = place.job(&[&["run", &sum_wasm][..], bad, &["-o", &out]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

#[test]
fn an_input_that_is_missing_is_named_and_the_job_goes_on_when_it_comes() {
    let place = Place::new(2);
    let sum_wasm = place.module("sum", SUM);
    let hash = BlockHash(tabmesh_engine::sha256(b"late"));
    let cid = Cid { codec: Codec::Raw, hash }.to_string();
    std::fs::write(place.path("here"), "here").expect("written");
    let (out, name, here) = (place.text("out"), format!("cid:{cid}"), place.text("here"));
    let mut job = place.spawn(&["run", &sum_wasm, &name, &here, "-o", &out]);
    until("the other", || place.path("out/here.out").exists());
    let mut lines = BufReader::new(job.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let told = lines.find(|line| line.contains("input missing")).expect("told");
    assert!(told.contains(&cid), "{told}");
    let status = place.asking.json(&["job", "status"]);
    assert!(status[0]["cid"].as_str().is_some_and(|cid| cid.starts_with("bafkrei")), "{status}");
    assert_eq!(put(&place, "late", "late"), cid);
    assert_eq!(job.code(), Some(0));
    assert_eq!(std::fs::read(place.path(&format!("out/{cid}.out"))).expect("there"), sum("late"));
}

#[test]
fn a_list_that_does_not_come_is_given_up_at_the_deadline_and_by_ctrl_c() {
    let place = Place::new(1);
    let (sum_wasm, out) = (place.module("sum", SUM), place.text("out"));
    let hash = BlockHash(tabmesh_engine::sha256(b"nobody has it"));
    let list = Cid { codec: Codec::Raw, hash }.to_string();
    let run = ["run", &sum_wasm, "--list", &list, "-o", &out];
    let late = place.job(&[&run[..], &["--deadline", "1"]].concat());
    assert_eq!(late.status.code(), Some(5), "{}", stderr(&late));
    assert!(stderr(&late).contains("nothing was begun"), "{}", stderr(&late));
    let mut job = place.spawn(&run);
    let mut lines = BufReader::new(job.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("input missing")), "told");
    job.signal("-INT");
    assert_eq!(job.code(), Some(130));
    assert!(!place.path("out").exists());
}

#[test]
fn a_folder_that_somebody_else_made_gives_strangers_nothing_of_whoever_resumes_it() {
    let place = Place::new(2);
    let (sum_wasm, lines, out) = (place.module("sum", SUM), place.lines(20, 20), place.text("out"));
    let expected = root(&place.job(&["run", &sum_wasm, "--lines", &lines, "-o", &out, "--json"]));
    // Its maker's mark is of another secret; nothing of it was run yet.
    std::fs::write(place.path("out/job.mark"), [7; 32]).expect("written");
    let refused = place.job(&["resume", &out]);
    assert_eq!(refused.status.code(), Some(2));
    let said = stderr(&refused);
    assert!(said.contains(&lines) && said.contains(&format!("tabmesh job resume {out} --trust")), "{said}");
    // What lies in it may be read: by a way from there.
    let described = std::fs::read_to_string(place.path("out/job.json")).expect("there");
    std::fs::copy(&lines, place.path("out/inputs")).expect("copied");
    std::fs::write(place.path("out/job.json"), described.replace(&lines, "inputs")).expect("written");
    assert_eq!(root(&place.job(&["resume", &out, "--json"])), expected);
    // A link instead of a module leads out of it, which needs trust each time.
    std::fs::remove_file(place.path("out/job.0.wasm")).expect("removed");
    std::os::unix::fs::symlink(&sum_wasm, place.path("out/job.0.wasm")).expect("linked");
    let is_refused = || stderr(&place.job(&["resume", &out])).contains("job.0.wasm");
    assert!(is_refused());
    assert_eq!(root(&place.job(&["resume", &out, "--trust", "--json"])), expected);
    assert!(is_refused());
}
