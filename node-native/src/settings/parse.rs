//! How single values are read, alike in flags, variables and the file: what is wrong with one is told with the way out.

use std::borrow::Cow;
use std::net::SocketAddr;

use bytesize::ByteSize;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use tabmesh_bounds::LEVEL_MAX;

const SIZE: &str = "a size is a number and a unit, such as 500MB or 10GiB; a number alone is bytes, and there is nothing below 0";
const PLACE: &str = "an address here is a number and a port, such as 127.0.0.1:7071, 0.0.0.0:7071 or [::]:7071; a name is none";

pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    text.trim().parse().map_err(|_| SIZE.to_owned())
}

pub(super) fn place(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| PLACE.to_owned())
}

pub(super) fn level(text: &str) -> Result<u8, String> {
    let level = text.trim().parse().ok().filter(|level| *level <= LEVEL_MAX);
    level.ok_or_else(|| format!("a level is a whole number from 0 to {LEVEL_MAX}"))
}

/// A value of the file: a word, or a number that is read as one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    Number(i64),
    Word(Cow<'a, str>),
}

impl Value<'_> {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Word(word) => word.into_owned(),
        }
    }
}

fn one<'de, D: Deserializer<'de>, T>(
    from: D,
    read: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = Value::deserialize(from)?.text();
    read(&text).map(Some).map_err(|problem| D::Error::custom(format_args!("{text:?}: {problem}")))
}

pub(super) fn size_in_file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ByteSize>, D::Error> {
    one(from, size)
}

pub(super) fn place_in_file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    one(from, place)
}

pub(super) fn level_in_file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    one(from, level)
}

pub(super) fn places_in_file<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<SocketAddr>>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read =
        |text: &String| place(text).map_err(|problem| D::Error::custom(format_args!("{text:?}: {problem}")));
    texts.iter().map(read).collect::<Result<_, _>>().map(Some)
}
