//! Asks an SQLite database something: a command.
//!
//! Input: the number of this part, the number of parts and the length of the query in bytes, one line; the query, in which `:part` and `:parts` may
//! stand; then the database file. Output: the names of the columns, then the rows, with tabulators between.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match ask() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sql: {error}");
            ExitCode::from(2)
        }
    }
}

fn ask() -> Result<(), Failure> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let (part, parts, query, file) =
        read(&input).ok_or("the input is part, parts and length, the query, the database")?;
    let mut database = Connection::open_in_memory()?;
    if !file.is_empty() {
        database.deserialize_read_exact(MAIN_DB, file, file.len(), true)?;
    }
    let mut statement = database.prepare(query)?;
    for (name, value) in [(":part", part), (":parts", parts)] {
        if let Some(at) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(at, value)?;
        }
    }
    let mut table = BufWriter::new(io::stdout().lock());
    writeln!(table, "{}", statement.column_names().join("\t"))?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells: Result<Vec<String>, _> = (0..columns).map(|at| row.get_ref(at).map(text)).collect();
        writeln!(table, "{}", cells?.join("\t"))?;
    }
    Ok(table.flush()?)
}

fn read(input: &[u8]) -> Option<(i64, i64, &str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let mut head = str::from_utf8(&input[..end]).ok()?.split(' ');
    let (part, parts, length) =
        (head.next()?.parse().ok()?, head.next()?.parse().ok()?, head.next()?.parse().ok()?);
    let (query, file) = input[end + 1..].split_at_checked(length)?;
    Some((part, parts, str::from_utf8(query).ok()?, file))
}

/// A cell, on one line.
fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).replace(['\t', '\n', '\r'], " "),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
