//! Rust as words and signs: enough to see what a file imports, without comments and literals.

/// One token and the line that it stands on, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind<'a> {
    Word(&'a str),
    /// What stands between the quotes.
    Text(&'a str),
    /// `::`.
    Path,
    Sign(char),
}

/// The tokens of `text`. Comments, characters, lifetimes and numbers leave none.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, kind) = next(rest, first);
        if let Some(kind) = kind {
            found.push(Token { line, kind });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// How long the token at the start of `text` is, and what it is.
fn next(text: &str, first: char) -> (usize, Option<Kind<'_>>) {
    if text.starts_with("//") {
        return (text.find('\n').unwrap_or(text.len()), None);
    }
    if text.starts_with("/*") {
        return (block_comment(text), None);
    }
    if let Some((length, inner)) = string(text) {
        return (length, Some(Kind::Text(inner)));
    }
    if text.starts_with("::") {
        return (2, Some(Kind::Path));
    }
    if first == '\'' {
        return (character(text), None);
    }
    if first.is_alphanumeric() || first == '_' {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        return (end, (!first.is_numeric()).then(|| Kind::Word(&text[..end])));
    }
    (first.len_utf8(), (!first.is_whitespace()).then_some(Kind::Sign(first)))
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = &text[at..];
        match (rest.starts_with("/*"), rest.starts_with("*/")) {
            (true, _) => (depth, at) = (depth + 1, at + 2),
            (_, true) => (depth, at) = (depth - 1, at + 2),
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 || at >= text.len() {
            return at.min(text.len());
        }
    }
}

/// The length of the string literal at the start of `text`, and what is in it; `None` if there is none.
fn string(text: &str) -> Option<(usize, &str)> {
    let bare = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - bare.len();
    let raw = bare.strip_prefix('r').map(|rest| rest.trim_start_matches('#'));
    if prefix > 1 {
        return None;
    }
    if let Some(inner) = raw.and_then(|rest| rest.strip_prefix('"')) {
        let before = text.len() - inner.len();
        let end = format!("\"{}", "#".repeat(before - prefix - 2));
        let length = inner.find(&end).unwrap_or(inner.len());
        return Some(((before + length + end.len()).min(text.len()), &inner[..length]));
    }
    let inner = bare.strip_prefix('"')?;
    let mut is_escaped = false;
    let length = inner.find(|c: char| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    let length = length.unwrap_or(inner.len());
    Some(((prefix + length + 2).min(text.len()), &inner[..length]))
}

/// The length of a character literal, or of a lifetime's quote.
fn character(text: &str) -> usize {
    let mut inner = text[1..].char_indices();
    match (inner.next(), inner.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = 1 + at + escaped.len_utf8();
            text[from..].find('\'').map_or(text.len(), |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => 1 + at + 1,
        _ => 1,
    }
}

#[test]
fn comments_and_literals_are_no_words() {
    let text = "a::b /* c /* d */ e */ \"f \\\" g\" r#\"h \" i\"# 'j' '\\'' &'k l 1u8 // m\nn;";
    let kinds: Vec<_> = tokens(text).into_iter().map(|token| (token.line, token.kind)).collect();
    let expected = [
        (1, Kind::Word("a")),
        (1, Kind::Path),
        (1, Kind::Word("b")),
        (1, Kind::Text("f \\\" g")),
        (1, Kind::Text("h \" i")),
        (1, Kind::Sign('&')),
        (1, Kind::Word("k")),
        (1, Kind::Word("l")),
        (2, Kind::Word("n")),
        (2, Kind::Sign(';')),
    ];
    assert_eq!(kinds, expected);
}
