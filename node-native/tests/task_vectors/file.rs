//! The vectors as JSON, one a line.

use std::path::PathBuf;

use crate::case::{Case, Form, Ran};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Outputs of more bytes are told by their hash.
const OUTPUT_BYTES_MAX: usize = 1_024;

/// A task and what comes of it, as other languages read it: 64-bit numbers as decimal text.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) name: String,
    /// In base64, as all bytes but the seed.
    module: String,
    input: String,
    gas: String,
    pages: u32,
    /// In KiB, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<u32>,
    /// In hexadecimal.
    seed: String,
    time: String,
    status: u8,
    /// The exit code or the refusal's, else 0.
    code: u32,
    /// Where the module was refused, else 0.
    offset: u32,
    /// The gas that is billed.
    used: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// In hexadecimal, in place of a large output.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_sha256: Option<String>,
    /// Bytes of a piece, of a task that is run by steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    piece: Option<u32>,
    /// The steps that were begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,
    /// The state that a single step begins with; the input is its piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// What a single step leaves to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_state: Option<String>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/tasks.json")
}

/// The vectors of the repository.
pub(crate) fn read() -> Vec<Vector> {
    let text = std::fs::read_to_string(path()).expect("tests/vectors/tasks.json is there");
    serde_json::from_str(&text).expect("it holds vectors")
}

pub(crate) fn write(vectors: &[Vector]) {
    let lines: Vec<_> =
        vectors.iter().map(|vector| serde_json::to_string(vector).expect("plain data")).collect();
    std::fs::write(path(), format!("[\n{}\n]\n", lines.join(",\n"))).expect("it can be written");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(base64: &str) -> Vec<u8> {
    BASE64.decode(base64).expect("base64")
}

impl Vector {
    pub(crate) fn of(name: &str, case: &Case, ran: &Ran) -> Self {
        let outcome = &ran.outcome;
        let (piece, state) = match &case.form {
            Form::Whole => (None, None),
            Form::Pieces(bytes) => (Some(*bytes), None),
            Form::Step(state) => (None, Some(BASE64.encode(state))),
        };
        let is_large = outcome.output.len() > OUTPUT_BYTES_MAX;
        Self {
            name: name.to_owned(),
            module: BASE64.encode(&case.module),
            input: BASE64.encode(&case.input),
            gas: case.gas.to_string(),
            pages: case.pages,
            stack: case.stack,
            seed: hex(&case.seed),
            time: case.time.to_string(),
            status: outcome.status().number(),
            code: outcome.end.code(),
            offset: outcome.end.offset(),
            used: outcome.gas_used.to_string(),
            output: (!is_large).then(|| BASE64.encode(&outcome.output)),
            output_sha256: is_large.then(|| hex(&Sha256::digest(&outcome.output))),
            piece,
            steps: piece.map(|_| outcome.steps),
            state,
            flag: ran.next.as_ref().map(|(flag, _)| flag.number()),
            next_state: ran.next.as_ref().map(|(_, state)| BASE64.encode(state)),
        }
    }

    pub(crate) fn module(&self) -> Vec<u8> {
        bytes(&self.module)
    }

    /// The task alone, without what comes of it.
    pub(crate) fn case(&self) -> Case {
        let mut case = Case::of_bytes(&self.name, self.module());
        case.input = bytes(&self.input);
        case.gas = self.gas.parse().expect("a number");
        case.pages = self.pages;
        case.stack = self.stack;
        for (byte, at) in case.seed.iter_mut().zip(0..) {
            *byte = u8::from_str_radix(&self.seed[2 * at..2 * at + 2], 16).expect("hexadecimal");
        }
        case.time = self.time.parse().expect("a number");
        case.form = match (self.piece, &self.state) {
            (Some(piece), _) => Form::Pieces(piece),
            (None, Some(state)) => Form::Step(bytes(state)),
            (None, None) => Form::Whole,
        };
        case
    }
}
