//! What one Rust file says of modules: which it declares, what it imports, what it names.

use std::collections::BTreeSet;

use super::tokens::{Kind, Token, tokens};

/// A file as far as imports go. Paths are words, modules are paths from the file's own module.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) children: Vec<Child>,
    pub(super) imports: Vec<Import>,
    /// Paths of two words or more outside of imports.
    pub(super) mentions: Vec<Mention>,
    /// Every word outside of imports: what an import brings is used if it is here.
    pub(super) words: BTreeSet<String>,
    /// Things that the file itself defines, with the module inside it.
    pub(super) defined: BTreeSet<(Vec<String>, String)>,
}

/// `mod name;`, or `mod name { … }` where `is_inline`.
pub(super) struct Child {
    pub(super) module: Vec<String>,
    pub(super) name: String,
    /// What `#[path = "…"]` says.
    pub(super) file: Option<String>,
    pub(super) is_inline: bool,
}

/// One leaf of a `use`.
pub(super) struct Import {
    pub(super) line: usize,
    pub(super) module: Vec<String>,
    pub(super) path: Vec<String>,
    /// What it is called here; `*` for everything.
    pub(super) name: String,
    pub(super) is_handed_on: bool,
}

pub(super) struct Mention {
    pub(super) line: usize,
    pub(super) module: Vec<String>,
    pub(super) path: Vec<String>,
}

/// Words before the name of a thing that a file defines.
const DEFINING: [&str; 10] =
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "macro_rules", "mod"];

impl Facts {
    /// Reads a file. What stands in `#[cfg(test)] mod … { … }` does not count: tests meet where users do.
    pub(super) fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let mut reader =
            Reader { tokens: &tokens, at: 0, modules: Vec::new(), depth: 0, facts: Self::default() };
        while reader.at < tokens.len() {
            reader.step();
        }
        reader.facts
    }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    /// The inline modules around `at`, each with the depth of braces around it.
    modules: Vec<(String, usize)>,
    depth: usize,
    facts: Facts,
}

impl<'a> Reader<'a> {
    fn step(&mut self) {
        let Some(kind) = self.kind(0) else { return };
        match kind {
            Kind::Sign('{') => self.depth += 1,
            Kind::Sign('}') => {
                self.depth = self.depth.saturating_sub(1);
                self.modules.pop_if(|(_, depth)| *depth == self.depth);
            }
            Kind::Word("use") => return self.import(),
            Kind::Word("mod") => return self.module(),
            Kind::Word(_) => return self.mention(),
            _ => {}
        }
        self.at += 1;
    }

    fn kind(&self, ahead: usize) -> Option<Kind<'a>> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    fn before(&self, back: usize) -> Option<Kind<'a>> {
        Some(self.tokens.get(self.at.checked_sub(back)?)?.kind)
    }

    fn inside(&self) -> Vec<String> {
        self.modules.iter().map(|(name, _)| name.clone()).collect()
    }

    fn module(&mut self) {
        let (name, next) = (self.kind(1), self.kind(2));
        let (Some(Kind::Word(name)), Some(Kind::Sign(sign @ (';' | '{')))) = (name, next) else {
            self.at += 1;
            return;
        };
        let is_inline = sign == '{';
        let is_test = self.is_behind(&["cfg", "test"]);
        let file = match self.before(2) {
            Some(Kind::Text(file)) if self.is_behind(&["path"]) => Some(file.to_owned()),
            _ => None,
        };
        self.at += 3;
        if is_inline && is_test {
            self.skip_block();
            return;
        }
        self.facts.children.push(Child { module: self.inside(), name: name.to_owned(), file, is_inline });
        if is_inline {
            self.modules.push((name.to_owned(), self.depth));
            self.depth += 1;
        }
    }

    /// Whether an attribute in front, and in front of `pub` or `pub(…)`, has these words.
    fn is_behind(&self, words: &[&str]) -> bool {
        let mut back = 1;
        while !matches!(self.before(back), None | Some(Kind::Sign(';' | '{' | '}'))) {
            back += 1;
        }
        let attribute = &self.tokens[self.at.saturating_sub(back - 1)..self.at];
        words.iter().all(|word| attribute.iter().any(|token| token.kind == Kind::Word(word)))
    }

    /// Past the `}` of the block that was just entered.
    fn skip_block(&mut self) {
        let mut depth = 1;
        while depth > 0 && self.at < self.tokens.len() {
            match self.kind(0) {
                Some(Kind::Sign('{')) => depth += 1,
                Some(Kind::Sign('}')) => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn import(&mut self) {
        // `impl Trait + use<'a>` is no import.
        if self.kind(1) == Some(Kind::Sign('<')) {
            self.at += 1;
            return;
        }
        let is_handed_on = matches!(self.before(1), Some(Kind::Word("pub") | Kind::Sign(')')));
        self.at += 1;
        self.tree(&[], is_handed_on);
    }

    /// One tree of a `use`, behind the words `before`.
    fn tree(&mut self, before: &[String], is_handed_on: bool) {
        let mut path = before.to_vec();
        loop {
            let line = self.tokens.get(self.at).map_or(0, |token| token.line);
            match self.kind(0) {
                Some(Kind::Path) => {}
                Some(Kind::Word("as")) => {
                    if let Some(Kind::Word(name)) = self.kind(1) {
                        self.facts.imports.last_mut().expect("`as` follows a path").name = name.to_owned();
                    }
                    self.at += 1;
                }
                Some(Kind::Word(word)) => {
                    path.push(word.to_owned());
                    if self.kind(1) != Some(Kind::Path) {
                        self.leaf(line, &path, is_handed_on);
                    }
                }
                Some(Kind::Sign('*')) => {
                    path.push("*".to_owned());
                    self.leaf(line, &path, is_handed_on);
                }
                Some(Kind::Sign('{')) => {
                    self.at += 1;
                    while !matches!(self.kind(0), None | Some(Kind::Sign('}'))) {
                        self.tree(&path, is_handed_on);
                        self.at += usize::from(self.kind(0) == Some(Kind::Sign(',')));
                    }
                }
                _ => return,
            }
            self.at += 1;
        }
    }

    fn leaf(&mut self, line: usize, path: &[String], is_handed_on: bool) {
        let mut path = path.to_vec();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = path.last().cloned().unwrap_or_default();
        self.facts.imports.push(Import { line, module: self.inside(), path, name, is_handed_on });
    }

    fn mention(&mut self) {
        let line = self.tokens[self.at].line;
        let is_whole = !matches!(self.before(1), Some(Kind::Path | Kind::Sign('.')));
        let is_visibility = self.before(1) == Some(Kind::Word("in"))
            && self.before(2) == Some(Kind::Sign('('))
            && self.before(3) == Some(Kind::Word("pub"));
        let is_defined = matches!(self.before(1), Some(Kind::Word(word)) if DEFINING.contains(&word))
            || self.before(2) == Some(Kind::Word("macro_rules"));
        let mut path = Vec::new();
        while let Some(Kind::Word(word)) = self.kind(0) {
            path.push(word.to_owned());
            self.facts.words.insert(word.to_owned());
            self.at += 1;
            let goes_on = self.kind(0) == Some(Kind::Path) && matches!(self.kind(1), Some(Kind::Word(_)));
            if !goes_on {
                break;
            }
            self.at += 1;
        }
        if is_defined {
            self.facts.defined.insert((self.inside(), path[0].clone()));
        }
        if is_whole && path.len() > 1 && !is_visibility {
            self.facts.mentions.push(Mention { line, module: self.inside(), path });
        }
    }
}
