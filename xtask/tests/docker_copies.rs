//! Goal: what `docker/Dockerfile` copies is a whole workspace, so that an image can be built. Method: no engine; its `COPY`
//! lines are read, what they copy of the files that git knows is laid out in another folder, less what `.dockerignore` keeps
//! from the builder, and cargo is asked there for the members.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copied, but not kept by git: `cargo xtask docker --build` makes it.
const BUILT: [&str; 1] = ["web/dist"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the repository").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the `COPY` lines take from the repository, by the name of the stage that they are in.
fn copies() -> Vec<(String, String)> {
    let mut stage = String::new();
    let mut found = Vec::new();
    for line in read("docker/Dockerfile").lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", .., "AS", name] => stage = (*name).to_owned(),
            ["COPY", from, ..] if from.starts_with("--from=") => {}
            ["COPY", sources @ .., _] => {
                let sources = sources.iter().filter(|word| !word.starts_with("--"));
                found.extend(sources.map(|source| (stage.clone(), (*source).to_owned())));
            }
            _ => {}
        }
    }
    found
}

/// Every file of the repository that git keeps, or would.
fn files() -> Vec<String> {
    let words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listing = Command::new("git").args(words).current_dir(root()).output().expect("git runs");
    assert!(listing.status.success(), "git ls-files failed");
    let listing = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a file is sent to the builder: the last pattern that fits it decides.
fn is_sent(path: &str) -> bool {
    let patterns = read("docker/Dockerfile.dockerignore");
    let fits = |pattern: &str| match pattern.strip_prefix("**/") {
        None => pattern == "*" || is_under(path, pattern),
        Some(name) => match name.strip_prefix('*') {
            Some(ending) => path.ends_with(ending),
            None => format!("/{path}/").contains(&format!("/{name}/")),
        },
    };
    let mut is_sent = true;
    for pattern in patterns.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match pattern.strip_prefix('!') {
            Some(exception) if fits(exception) => is_sent = true,
            None if fits(pattern) => is_sent = false,
            _ => {}
        }
    }
    is_sent
}

/// The folders of the workspace's members, as cargo sees them in `folder`.
fn members(folder: &Path) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(folder)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let folder = folder.canonicalize().expect("it exists");
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let manifests = packages.map(|package| PathBuf::from(package["manifest_path"].as_str().expect("a path")));
    manifests
        .map(|manifest| {
            let place = manifest.parent().expect("a folder").canonicalize().expect("it exists");
            place.strip_prefix(&folder).expect("within").to_string_lossy().into_owned()
        })
        .collect()
}

#[test]
fn what_is_copied_exists_and_is_sent_to_the_builder() {
    let files = files();
    for (stage, path) in copies() {
        let is_there = files.iter().any(|file| is_under(file, &path)) || BUILT.contains(&path.as_str());
        assert!(is_there, "docker/Dockerfile, stage {stage}: {path} is copied and does not exist");
        assert!(is_sent(&path), "docker/Dockerfile.dockerignore keeps {path} from the builder");
    }
}

#[test]
fn the_programs_are_built_from_a_whole_workspace() {
    let copied: Vec<String> =
        copies().into_iter().filter(|(stage, _)| stage == "source").map(|(_, path)| path).collect();
    let whole = members(&root());
    for member in &whole {
        assert!(copied.iter().any(|path| is_under(member, path)), "docker/Dockerfile does not copy {member}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docker-copies");
    let _ = fs::remove_dir_all(&folder);
    for file in files() {
        if is_sent(&file) && copied.iter().any(|path| is_under(&file, path)) {
            let place = folder.join(&file);
            fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            fs::copy(root().join(&file), place).expect("copied");
        }
    }
    assert_eq!(members(&folder), whole);
}
