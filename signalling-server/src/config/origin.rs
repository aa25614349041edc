//! The origin of a web page: `scheme://host` or `scheme://host:port`, as browsers send it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An origin that may connect.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Whether the value of an `Origin` header names this origin. Scheme and host have no case.
    pub fn matches(&self, header: &[u8]) -> bool {
        self.0.as_bytes().eq_ignore_ascii_case(header)
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            Err(format!(
                "{text:?} is no origin: {why}; write scheme://host or scheme://host:port, such as https://app.example"
            ))
        };
        if text == "null" {
            return Ok(Self(text.to_owned()));
        }
        if text == "*" {
            return wrong("to allow every page, name no origin at all");
        }
        let Some((scheme, host)) = text.split_once("://") else {
            return wrong("it has no scheme");
        };
        if scheme.is_empty()
            || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return wrong("its scheme is not one");
        }
        if host.is_empty()
            || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
        {
            return wrong(
                "what follows the scheme is no host (a browser sends neither path nor closing slash)",
            );
        }
        if matches!((scheme, host.rsplit_once(':')), ("https", Some((_, "443"))) | ("http", Some((_, "80"))))
        {
            return wrong("a browser leaves the scheme's own port out");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_matches_itself_in_any_case_and_nothing_else() {
        let origin: Origin = "https://App.Example:8443".parse().unwrap();
        assert!(origin.matches(b"https://app.example:8443"));
        assert!(origin.matches(b"HTTPS://APP.EXAMPLE:8443"));
        for other in
            ["https://app.example", "http://app.example:8443", "https://app.example:84430", "null", ""]
        {
            assert!(!origin.matches(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_a_browser_never_sends_is_refused_with_the_way_out() {
        for wrong in [
            "*",
            "app.example",
            "https://",
            "://host",
            "https://app.example/",
            "https://app.example/path",
            "https://user@app.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://app example",
            "",
        ] {
            let message = wrong.parse::<Origin>().unwrap_err();
            assert!(message.contains("https://app.example"), "{message}");
        }
        for right in ["null", "http://localhost:8080", "https://[2001:db8::1]:9", "chrome-extension://abcdef"]
        {
            assert_eq!(right.parse::<Origin>().unwrap().to_string(), right);
        }
    }
}
