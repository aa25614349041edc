//! Searches a text for a regular expression: a command, as any program that reads stdin.
//!
//! Input: the expression, one line; then the text. Output: each line with a match behind its number, from 1, and a tabulator.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use regex_lite::Regex;

fn main() -> ExitCode {
    match search() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("search: {error}");
            ExitCode::from(2)
        }
    }
}

fn search() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let text = String::from_utf8_lossy(&input);
    let (expression, text) =
        text.split_once('\n').ok_or("the first line is the expression, the text stands behind it")?;
    let expression = Regex::new(expression)?;
    let mut found = BufWriter::new(io::stdout().lock());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| expression.is_match(line)) {
        writeln!(found, "{number}\t{line}")?;
    }
    Ok(found.flush()?)
}
