//! Why a WebSocket did not open.

use thiserror::Error;
use tokio_tungstenite::tungstenite;

/// Why a WebSocket did not open.
#[derive(Debug, Error)]
pub enum DialError {
    /// Nobody there, no TLS, no WebSocket.
    #[error("{0}")]
    Socket(#[from] Box<tungstenite::Error>),
    /// It took too long.
    #[error("it did not open in time")]
    Timeout,
}
