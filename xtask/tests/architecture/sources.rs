//! The sources as text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One source file.
pub(crate) struct Source {
    /// Path under the root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().expect("xtask/ exists");
    here.parent().expect("xtask/ lies in the repository").to_owned()
}

/// The text of one file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files of the repository whose path starts with `folder` and ends with one of `endings`, by path.
pub(crate) fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr));
    let listing = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let mut paths: Vec<_> = listing
        .split('\0')
        .filter(|path| path.starts_with(folder) && endings.iter().any(|ending| path.ends_with(ending)))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let read = |path: &str| {
        Some(Source { path: path.to_owned(), text: fs::read_to_string(root().join(path)).ok()? })
    };
    paths.into_iter().filter_map(read).collect()
}

/// `text` without its line comments, so that prose does not count as code. Line numbers stay.
pub(crate) fn without_comments(text: &str) -> String {
    let code = |line: &str| match line.find("//") {
        // `https://` inside a string is no comment.
        Some(at) if !line[..at].ends_with(':') => line[..at].to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The paths that `text` names behind `root` (such as `crate::`), group imports unfolded: `a::b` and `a::c` for
/// `a::{b, c}`. Each with its line, from 1.
pub(crate) fn paths_behind(text: &str, root: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(root) {
        let start = from + at;
        from = start + root.len();
        let is_whole_word = !text[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':'));
        if is_whole_word {
            let line = text[..start].matches('\n').count() + 1;
            unfold(&text[from..], "", &mut |path| found.push((line, path)));
        }
    }
    found
}

/// Calls `give` for each path at the start of `text`; gives back what follows them.
fn unfold<'a>(text: &'a str, before: &str, give: &mut impl FnMut(String)) -> &'a str {
    let text = text.trim_start();
    if let Some(mut group) = text.strip_prefix('{') {
        loop {
            group = unfold(group, before, give).trim_start();
            if group.is_empty() || group.starts_with('}') {
                return group.get(1..).unwrap_or("");
            }
            // Past the comma, and past anything that is no path, such as `as name`.
            let next = group.find([',', '}']).unwrap_or(group.len());
            group = group[next..].strip_prefix(',').unwrap_or(&group[next..]);
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '*'))).unwrap_or(text.len());
    let word = &text[..end];
    let path = if before.is_empty() { word.to_owned() } else { format!("{before}::{word}") };
    match text[end..].strip_prefix("::") {
        Some(rest) if !rest.starts_with('<') => unfold(rest, &path, give),
        _ => {
            if !word.is_empty() {
                give(path);
            }
            &text[end..]
        }
    }
}

/// Fails with every finding at once, and with the rule that they break.
pub(crate) fn expect_none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "\n{rule}\n\n  {}\n", findings.join("\n  "));
}

#[test]
fn group_imports_are_unfolded() {
    let text = "use crate::{a, b::{c, d::e as f}, g::*};\nlet x = crate::h::i(); mycrate::j();";
    let expected = [(1, "a"), (1, "b::c"), (1, "b::d::e"), (1, "g::*"), (2, "h::i")];
    assert_eq!(paths_behind(text, "crate::"), expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn comments_are_no_code() {
    assert_eq!(without_comments("a // b\n/// c\n\"https://d\""), "a \n\n\"https://d\"");
}
