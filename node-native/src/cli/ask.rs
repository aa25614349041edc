//! `ask`: a question to the application at a node, and its answer.

use std::time::Duration;

use serde_json::Map;
use tabmesh_engine::limits::{MESSAGE_MAX, WITHIN_MS_MAX};

use super::args::NodeArgs;
use super::error::CliError;
use super::lines::{in_json, text_or_input, until_interrupted, unwritable, write};
use super::show::print_json;
use crate::control::Request;
use crate::control::client::Client;

pub(super) async fn ask(id: String, text: String, within: Duration, node: &NodeArgs) -> Result<(), CliError> {
    let socket = node.control_socket()?;
    let work = async {
        let bytes = text_or_input(text, MESSAGE_MAX).await?;
        if bytes.len() > MESSAGE_MAX {
            return Err(CliError::LongQuestion);
        }
        let within_ms = u32::try_from(within.as_millis()).unwrap_or(WITHIN_MS_MAX);
        let client = Client::begin(&socket, Request::Ask { id, within_ms }).await?;
        Ok(client.ask(&bytes).await?)
    };
    let (answer, is_proven) = until_interrupted(work).await?;
    if node.json {
        print_json(&in_json(Map::from_iter([("proven".to_owned(), is_proven.into())]), &answer));
        return Ok(());
    }
    write(&answer).await.map_err(unwritable)
}

/// A time such as `500ms`, `10s` or `2m`, as long as an answer may be waited for.
pub(super) fn within(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => 0,
    };
    let within_ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
    match within_ms {
        Some(within_ms) if (1..=u64::from(WITHIN_MS_MAX)).contains(&within_ms) => {
            Ok(Duration::from_millis(within_ms))
        }
        _ => Err("write a time such as 500ms, 10s or 2m, at most two minutes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    //! A time has a unit and a bound.

    use super::*;

    #[test]
    fn times_are_read_within_their_bound() {
        for (text, within_ms) in [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("120s", 120_000)] {
            assert_eq!(within(text), Ok(Duration::from_millis(within_ms)), "{text}");
        }
        for text in ["", "s", "10", "0s", "-1s", "1.5s", "121s", "3m", "10 s", "99999999999999999999s", "1h"]
        {
            assert!(within(text).is_err(), "{text}");
        }
    }
}
