//! Which file of a Rust crate imports which.

use std::collections::{BTreeMap, BTreeSet};

use super::edge::{Edge, joined};
use super::facts::Facts;

/// How often a name may be handed on until it is found.
const HANDS_MAX: usize = 16;

type Module = Vec<String>;

/// The modules of one crate, or of one program or test beside it.
struct Crate<'a> {
    files: BTreeMap<String, &'a Facts>,
    /// The file of each module, by its path from the crate's root; a module inside a file has that file.
    modules: BTreeMap<Module, String>,
    /// The module that each file is.
    homes: BTreeMap<String, Module>,
}

/// The imports between the files of all crates whose sources are given as path and text.
pub(super) fn edges<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Edge> {
    let facts: BTreeMap<&str, Facts> =
        sources.into_iter().map(|(path, text)| (path, Facts::read(text))).collect();
    let declared = |path: &str| children_of(path, &facts[path]).into_iter().map(|(_, file)| file);
    let children: BTreeSet<String> = facts.keys().flat_map(|path| declared(path).flatten()).collect();
    let mut found = BTreeSet::new();
    for root in facts.keys().filter(|path| !children.contains(**path)) {
        found.extend(Crate::below(root, &facts).edges());
    }
    found.into_iter().collect()
}

/// The modules that the file at `path` declares, from its own module on, and where their files may be.
fn children_of(path: &str, facts: &Facts) -> Vec<(Module, [String; 2])> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let is_root = matches!(stem, "mod" | "lib" | "main") || is_root_of_a_target(path);
    let home = if is_root { folder.to_owned() } else { format!("{folder}/{stem}") };
    let files = facts.children.iter().filter(|child| !child.is_inline);
    let files = files.map(|child| {
        let inner = [&child.module[..], std::slice::from_ref(&child.name)].concat();
        let files = match &child.file {
            Some(file) => [joined(folder, file), String::new()],
            None => {
                let place = format!("{home}/{}", inner.join("/"));
                [format!("{place}.rs"), format!("{place}/mod.rs")]
            }
        };
        (inner, files)
    });
    files.collect()
}

/// `tests/name.rs`, `examples/name.rs`, `src/bin/name.rs`: their modules lie beside them.
fn is_root_of_a_target(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1);
    matches!(folder, Some("tests" | "examples" | "benches" | "bin" | "fuzz_targets"))
}

impl<'a> Crate<'a> {
    /// All that the file `root` declares, and what that declares.
    fn below(root: &str, facts: &'a BTreeMap<&str, Facts>) -> Self {
        let (files, modules, homes) = Default::default();
        let mut all = Self { files, modules, homes };
        let mut open = vec![(Module::new(), root.to_owned())];
        while let Some((module, path)) = open.pop() {
            let Some(said) = facts.get(path.as_str()) else { continue };
            for (inner, files) in children_of(&path, said) {
                let file = files.into_iter().find(|file| facts.contains_key(file.as_str()));
                open.extend(file.map(|file| ([&module[..], &inner].concat(), file)));
            }
            for child in said.children.iter().filter(|child| child.is_inline) {
                let inner = [&module[..], &child.module, std::slice::from_ref(&child.name)].concat();
                all.modules.insert(inner, path.clone());
            }
            all.modules.insert(module.clone(), path.clone());
            all.files.insert(path.clone(), said);
            all.homes.insert(path, module);
        }
        all
    }

    fn edges(&self) -> Vec<Edge> {
        let mut found = Vec::new();
        for (path, facts) in &self.files {
            let home = &self.homes[path];
            let mut add = |line: usize, words: &[String], to: &str| {
                if to != path {
                    let (from, to) = (path.clone(), to.to_owned());
                    found.push(Edge { from, to, line, words: words.join("::") });
                }
            };
            for import in &facts.imports {
                // To hand a child's name on, unused here, is to declare it.
                let is_declared = import.is_handed_on && !facts.words.contains(&import.name);
                let to = self.targets(&[&home[..], &import.module].concat(), &import.path, HANDS_MAX);
                let to = to.into_iter().filter(|to| !(is_declared && self.is_below(to, home)));
                to.for_each(|to| add(import.line, &import.path, to));
            }
            for mention in &facts.mentions {
                // A name that was imported counts where it was imported.
                if facts.imports.iter().all(|import| import.name != mention.path[0]) {
                    let place = [&home[..], &mention.module].concat();
                    let to = self.targets(&place, &mention.path, HANDS_MAX);
                    to.into_iter().for_each(|to| add(mention.line, &mention.path, to));
                }
            }
        }
        found
    }

    fn is_below(&self, file: &str, home: &Module) -> bool {
        let module = &self.homes[file];
        module.len() > home.len() && module.starts_with(home)
    }

    /// The file that `path` names in `module`, and those that it has the named thing from; none of another crate.
    fn targets(&self, module: &Module, path: &[String], hands: usize) -> Vec<&str> {
        let mut at = module.clone();
        let mut words = path;
        let mut is_anchored = false;
        while let Some((first, rest)) = words.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => _ = at.pop(),
                _ => break,
            }
            (words, is_anchored) = (rest, true);
        }
        let is_child =
            |word: &String| self.modules.contains_key(&[&at[..], std::slice::from_ref(word)].concat());
        if !is_anchored && !words.first().is_some_and(is_child) {
            return Vec::new();
        }
        while let Some((word, rest)) = words.split_first() {
            let inner = [&at[..], std::slice::from_ref(word)].concat();
            if !self.modules.contains_key(&inner) {
                break;
            }
            (at, words) = (inner, rest);
        }
        let Some(file) = self.modules.get(&at) else { return Vec::new() };
        let from = if words.is_empty() { Vec::new() } else { self.origins(file, &at, words, hands) };
        [vec![file.as_str()], from].concat()
    }

    /// The files that `file`, the home of `module`, has the thing at the start of `words` from.
    fn origins(&self, file: &str, module: &Module, words: &[String], hands: usize) -> Vec<&str> {
        let (facts, inner) = (self.files[file], &module[self.homes[file].len()..]);
        let Some(left) = hands.checked_sub(1) else { return Vec::new() };
        if facts.defined.contains(&(inner.to_vec(), words[0].clone())) {
            return Vec::new();
        }
        let mut imports = facts.imports.iter().filter(|import| import.module == inner);
        if let Some(import) = imports.clone().find(|import| import.name == words[0]) {
            return self.targets(module, &[&import.path, &words[1..]].concat(), left);
        }
        let of_all = imports.by_ref().filter(|import| import.name == "*").map(|import| {
            let path = &import.path[..import.path.len() - 1];
            self.targets(module, &[path, words].concat(), left)
        });
        let defines = |file: &&&str| self.files[**file].defined.iter().any(|(_, name)| *name == words[0]);
        of_all.into_iter().find(|files| files.last().as_ref().is_some_and(defines)).unwrap_or_default()
    }
}
