//! As much of Markdown as checking links takes.

/// One link of a document.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Where it leads, as written.
    pub(crate) target: String,
}

/// The inline links and images `[text](target)` outside code.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, content) in prose(text) {
        let mut rest = content.as_str();
        while let Some(start) = rest.find("](") {
            rest = &rest[start + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split_whitespace().next().unwrap_or("");
            links.push(Link { line, target: target.to_owned() });
            rest = &rest[end..];
        }
    }
    links
}

/// The anchors that a hosting site makes from the headings.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The lines outside fenced blocks, numbered from 1, code spans blanked out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    let mut in_fence = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            return None;
        }
        (!in_fence).then(|| (index + 1, without_code(line)))
    })
}

/// A heading keeps the words of its code spans; a link does not count inside one.
fn without_code(line: &str) -> String {
    if line.starts_with('#') {
        return line.replace('`', "");
    }
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_with_their_lines() {
        let found = links("a [b](c.md)\n\n![d](e.png \"title\") and [f](g#h)\n");
        let expected = [(1, "c.md"), (3, "e.png"), (3, "g#h")];
        assert_eq!(found, expected.map(|(line, target)| Link { line, target: target.to_owned() }));
    }

    #[test]
    fn leaves_code_alone() {
        assert_eq!(links("`[a](b)`\n```js\n[c](d)\n```\n"), []);
    }

    #[test]
    fn makes_anchors_as_hosting_sites_do() {
        assert_eq!(anchors("# Run `tabmesh`, twice\n## It's a_b\n"), ["run-tabmesh-twice", "its-a_b"]);
    }
}
