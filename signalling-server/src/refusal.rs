//! The ways to say no, each with a name, a sentence and a number.
//!
//! A peer that is connected is told a [`Refusal`] in a message; where that ends the connection, a close code and a
//! sentence follow. A request that does not get a connection is told a [`Denial`]: an HTTP status and JSON.

use tabmesh_engine::wire::signal::Refusal;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use warp::http::StatusCode;

/// Every [`Refusal`] that the server says to a connected peer; `Full` it says as [`Denial::Full`].
pub(crate) const REFUSALS: [Refusal; 11] = [
    Refusal::Malformed,
    Refusal::BadProof,
    Refusal::LowLevel,
    Refusal::TooLarge,
    Refusal::TooFast,
    Refusal::TooSlow,
    Refusal::NotPresent,
    Refusal::Draining,
    Refusal::Replaced,
    Refusal::OtherServer,
    Refusal::OtherVersion,
];

/// The name of a refusal in metrics and logs.
pub(crate) fn name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "malformed",
        Refusal::BadProof => "bad-proof",
        Refusal::LowLevel => "low-level",
        Refusal::TooLarge => "too-large",
        Refusal::TooFast => "too-fast",
        Refusal::TooSlow => "too-slow",
        Refusal::Full => "full",
        Refusal::NotPresent => "not-present",
        Refusal::Draining => "draining",
        Refusal::Replaced => "replaced",
        Refusal::OtherServer => "other-server",
        Refusal::OtherVersion => "other-version",
    }
}

/// How a connection closes after a refusal: a code of RFC 6455 §7.4 (4000 for what it has no code for), and a sentence
/// of at most 123 bytes.
pub(crate) fn closing(refusal: Refusal) -> (CloseCode, &'static str) {
    match refusal {
        Refusal::Malformed => {
            (CloseCode::Protocol, "that is no message of this protocol, or not in its place")
        }
        Refusal::BadProof => (CloseCode::Policy, "the signature does not hold for the challenge"),
        Refusal::LowLevel => (CloseCode::Policy, "the id is below the security level of this server"),
        Refusal::TooLarge => (CloseCode::Size, "the message is larger than this server takes"),
        Refusal::TooFast => (CloseCode::Policy, "messages came faster than allowed"),
        Refusal::TooSlow => (CloseCode::Policy, "no proof in time, or nothing heard or taken for too long"),
        Refusal::Full => (CloseCode::Again, "the server is at its limit of connections"),
        Refusal::NotPresent => (CloseCode::Normal, "that peer is not here"),
        Refusal::Draining => (CloseCode::Away, "the server stops: find another, or go on without"),
        Refusal::Replaced => (CloseCode::Library(4000), "the same id connected again"),
        Refusal::OtherServer => (
            CloseCode::Policy,
            "this server does not go by the name that you asked for: its operator sets --name",
        ),
        Refusal::OtherVersion => (CloseCode::Protocol, "this server speaks another version of the protocol"),
    }
}

/// Why a request does not become a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Denial {
    /// The request asks for no WebSocket.
    NotWebSocket,
    /// It asks for one in a way that RFC 6455 §4.2.1 does not allow.
    BadHandshake,
    /// The page comes from an origin that is not on the list.
    Origin,
    /// The server is at its limit of connections.
    Full,
    /// The address has as many connections as it may have.
    AddressFull,
    /// The address opens connections faster than it may.
    AddressTooFast,
    /// The head of the request did not come in time.
    SlowHead,
    /// The server stops.
    Draining,
}

impl Denial {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::NotWebSocket,
        Self::BadHandshake,
        Self::Origin,
        Self::Full,
        Self::AddressFull,
        Self::AddressTooFast,
        Self::SlowHead,
        Self::Draining,
    ];

    /// Its name in the answer, in metrics and in logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotWebSocket => "not-websocket",
            Self::BadHandshake => "bad-handshake",
            Self::Origin => "origin",
            Self::Full => "full",
            Self::AddressFull => "address-full",
            Self::AddressTooFast => "address-too-fast",
            Self::SlowHead => "slow-head",
            Self::Draining => "draining",
        }
    }

    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotWebSocket => StatusCode::UPGRADE_REQUIRED,
            Self::BadHandshake => StatusCode::BAD_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::SlowHead => StatusCode::REQUEST_TIMEOUT,
            Self::AddressFull | Self::AddressTooFast => StatusCode::TOO_MANY_REQUESTS,
            Self::Full | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What happened, and the way out.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NotWebSocket => "This path speaks WebSocket only: connect with ws:// or wss://.",
            Self::BadHandshake => {
                "The WebSocket handshake is not well formed: it needs version 13 and a key of 16 bytes."
            }
            Self::Origin => {
                "Pages of this origin may not use this server: its operator can allow them with --origin."
            }
            Self::Full => "The server is at its limit of connections: try again later, or another server.",
            Self::AddressFull => "Your address has as many connections as it may have: close some first.",
            Self::AddressTooFast => "Your address opens connections faster than it may: try again later.",
            Self::SlowHead => "The head of the request did not come in time: send it at once.",
            Self::Draining => "The server stops: find another, or go on without.",
        }
    }

    /// Seconds after which another try makes sense; `None` where it never does.
    pub(crate) fn retry_after_s(self) -> Option<u32> {
        match self {
            Self::NotWebSocket | Self::BadHandshake | Self::Origin | Self::SlowHead => None,
            Self::AddressTooFast | Self::Draining => Some(5),
            Self::Full | Self::AddressFull => Some(30),
        }
    }

    /// The body of the answer: a JSON object with the name in `error` and the sentence in `message`.
    pub(crate) fn json(self) -> String {
        serde_json::json!({ "error": self.name(), "message": self.sentence() }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closing_sentence_fits_a_close_frame() {
        for code in 1..=10 {
            let (_, sentence) = closing(Refusal::from_code(code).unwrap());
            assert!(sentence.len() <= 123, "{sentence}");
        }
    }

    #[test]
    fn every_denial_is_an_error_with_a_reason() {
        for denial in Denial::ALL {
            assert!(denial.status().is_client_error() || denial.status().is_server_error());
            let json: serde_json::Value = serde_json::from_str(&denial.json()).unwrap();
            assert_eq!(json["error"], denial.name());
            assert_eq!(json["message"], denial.sentence());
        }
    }
}
