//! Goal: the simulator's files import each other one way: no circle. Method: the paths that each file names are followed
//! to the files that they end in; whatever is left when files that import nothing left are taken away, again and again,
//! is on a circle or behind one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module's path within the crate; empty for `lib.rs`.
type Module = Vec<String>;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn module(root: &Path, file: &Path) -> Module {
    let within = file.strip_prefix(root).expect("below the root").with_extension("");
    let mut names: Module = within.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod" || last == "lib") {
        names.pop();
    }
    names
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter_map(|line| line.split("//").next()).collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `head::`, braces spread out.
fn paths(code: &str, head: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(head) {
        let before = code[..at].chars().next_back();
        let is_head =
            !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':');
        let rest = &code[at + head.len()..];
        // `pub(super)` names nothing.
        if is_head && rest.starts_with("::") {
            spread(rest, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads `::a::{b, c::d}` behind a head; gives what is left of the text.
fn spread<'a>(text: &'a str, so_far: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let Some(rest) = text.strip_prefix("::") else {
        found.push(so_far.clone());
        return text;
    };
    if let Some(group) = rest.strip_prefix('{') {
        let mut rest = group.trim_start();
        while !rest.starts_with('}') && !rest.is_empty() {
            rest = names(rest, so_far, found).trim_start().trim_start_matches(',').trim_start();
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    names(rest, so_far, found)
}

fn names<'a>(text: &'a str, so_far: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    if end == 0 {
        found.push(so_far.clone());
        return text.get(1..).unwrap_or_default();
    }
    so_far.push(text[..end].to_owned());
    let rest = spread(&text[end..], so_far, found);
    so_far.pop();
    rest
}

/// What is left on circles of these imports, or behind one.
fn circles(mut imports: BTreeMap<Module, BTreeSet<Module>>) -> Vec<Module> {
    loop {
        let ends: Vec<Module> =
            imports.iter().filter(|(_, of)| of.is_empty()).map(|(file, _)| file.clone()).collect();
        if ends.is_empty() {
            return imports.into_keys().collect();
        }
        imports.retain(|file, _| !ends.contains(file));
        imports.values_mut().for_each(|of| of.retain(|file| !ends.contains(file)));
    }
}

fn imports(sources: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let resolve = |mut path: Module| {
        while !path.is_empty() && !sources.contains_key(&path) {
            path.pop();
        }
        path
    };
    let of = |file: &Module, text: &str| {
        let code = code(text);
        let parent = &file[..file.len().saturating_sub(1)];
        let own = paths(&code, "crate");
        let above = paths(&code, "super").into_iter().map(|path| [parent, &path].concat());
        let below = sources.keys().filter(|other| other.len() == file.len() + 1 && other.starts_with(file));
        let below = below.flat_map(|child| {
            let name = &child[file.len()];
            paths(&code, name)
                .into_iter()
                .filter(|path| !path.is_empty())
                .map(|path| [child, &path[..]].concat())
        });
        let all = own.into_iter().chain(above).chain(below).map(resolve);
        all.filter(|other| other != file && !other.is_empty()).collect::<BTreeSet<Module>>()
    };
    sources.iter().map(|(file, text)| (file.clone(), of(file, text))).collect()
}

#[test]
fn no_file_imports_itself_by_way_of_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&root, &mut all);
    let text = |file: &PathBuf| std::fs::read_to_string(file).expect("a source file");
    let sources: BTreeMap<Module, String> = all
        .iter()
        .filter(|file| !file.ends_with("tests.rs"))
        .map(|file| (module(&root, file), text(file)))
        .collect();
    let found = imports(&sources);
    assert!(found.len() > 40 && found.values().map(BTreeSet::len).sum::<usize>() > 120, "files were read");
    let left = circles(found);
    let left: Vec<String> = left.iter().map(|file| file.join("/")).collect();
    assert!(left.is_empty(), "on a circle of imports, or behind one: {left:?}");
}

#[test]
fn a_circle_of_imports_is_seen() {
    let source = |text: &str| text.to_owned();
    let file = |path: &str| path.split('/').map(str::to_owned).collect::<Module>();
    let mut sources = BTreeMap::from([
        (file("one"), source("use crate::two::{self, Two};")),
        (file("two"), source("mod deep;\nuse deep::Deep;")),
        (
            file("two/deep"),
            source("// crate::one\nuse std::fmt;\n#[cfg(test)]\nmod tests {\nuse super::super::one;"),
        ),
    ]);
    assert_eq!(circles(imports(&sources)), Vec::<Module>::new());
    sources.insert(file("two/deep"), source("fn call() { crate::one::call(); }"));
    assert_eq!(circles(imports(&sources)).len(), 3);
}
