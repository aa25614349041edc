//! One end of a link to be measured: what `tests/bench/bare.js` and `tests/bench/ours.js` are in a page, as a process.
//!
//! `link_end` reads one request a line, `{"way": "bare" | "ours", "action": …, "args": […]}`, and answers each with a line,
//! `{"value": …}` or `{"error": …}`. The actions are those of the pages, under the same names. It ends with its input.
//!
//! A link is linked once: by WebRTC with `listen` and `dial`, or by a WebSocket with `accept` and `connect`. The first of
//! them decides by which way the rest is measured.

mod bare;
mod bare_socket;
mod failure;
mod ours;
mod stopwatch;
mod stream;

use std::time::{Duration, Instant};

use failure::Failure;
use serde::Deserialize;
use serde_json::{Value, json};
use tabmesh_engine::NodeId;
use tabmesh_native::driver::Handle;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

#[derive(Deserialize)]
struct Request {
    way: String,
    action: String,
    args: Vec<Value>,
}

/// One way to send messages to the other end, and to get its own.
#[derive(Clone)]
enum Wire {
    Bare(bare::Wire),
    BareSocket(bare_socket::Wire),
    Ours(ours::Wire),
}

/// What ends with a link, once somebody has dialled.
type Listening = JoinHandle<Result<Wire, Failure>>;

impl Wire {
    /// Listens; the task ends when somebody has dialled.
    async fn listen(way: &str, args: &[Value]) -> Result<Listening, Failure> {
        Ok(match way {
            "bare" => {
                let listening = bare::Wire::listen(text(args, 0)?).await?;
                tokio::spawn(async { Ok(Self::Bare(listening.await??)) })
            }
            "ours" => {
                let listening = ours::Wire::listen(text(args, 0)?, text(args, 1)?).await?;
                tokio::spawn(async { Ok(Self::Ours(listening.await??)) })
            }
            _ => return Err(no_way(way)),
        })
    }

    /// Waits for a WebSocket; its address, and the task that ends when somebody has connected.
    async fn accept(way: &str, args: &[Value]) -> Result<(String, Listening), Failure> {
        Ok(match way {
            "bare" => {
                let (url, accepting) = bare_socket::Wire::accept().await?;
                (url, tokio::spawn(async { Ok(Self::BareSocket(accepting.await??)) }))
            }
            "ours" => {
                let (url, accepting) = ours::Wire::accept(text(args, 0)?).await?;
                (url, tokio::spawn(async { Ok(Self::Ours(accepting.await??)) }))
            }
            _ => return Err(no_way(way)),
        })
    }

    /// Opens a WebSocket to an address that `accept` gave.
    async fn connect(way: &str, args: &[Value]) -> Result<Self, Failure> {
        Ok(match way {
            "bare" => Self::BareSocket(bare_socket::Wire::connect(text(args, 0)?).await?),
            "ours" => Self::Ours(ours::Wire::connect(text(args, 0)?, text(args, 1)?).await?),
            _ => return Err(no_way(way)),
        })
    }

    /// Dials; and milliseconds from the first signalling byte to the open link.
    async fn dial(way: &str, args: &[Value]) -> Result<(Self, f64), Failure> {
        Ok(match way {
            "bare" => {
                let (wire, ms) = bare::Wire::dial(text(args, 0)?).await?;
                (Self::Bare(wire), ms)
            }
            "ours" => {
                let (wire, ms) = ours::Wire::dial(text(args, 0)?, text(args, 1)?).await?;
                (Self::Ours(wire), ms)
            }
            _ => return Err(no_way(way)),
        })
    }

    /// This node, and the other one; only our way has them.
    fn node(&self) -> Result<(&Handle, NodeId), Failure> {
        match self {
            Self::Ours(wire) => Ok(wire.node()),
            Self::Bare(_) | Self::BareSocket(_) => Err("only ours has streams".into()),
        }
    }

    /// Sends one message; returns when the way has taken it.
    async fn send(&self, message: Vec<u8>) -> Result<(), Failure> {
        match self {
            Self::Bare(wire) => wire.send(message).await,
            Self::BareSocket(wire) => wire.send(message).await,
            Self::Ours(wire) => wire.send(message).await,
        }
    }

    /// The next message.
    async fn next(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Bare(wire) => wire.next().await,
            Self::BareSocket(wire) => wire.next().await,
            Self::Ours(wire) => wire.next().await,
        }
    }

    /// Sends as fast as messages are taken, until `end`.
    async fn flood(&self, end: Instant) -> Result<(), Failure> {
        match self {
            Self::Bare(wire) => wire.flood(end).await,
            Self::BareSocket(wire) => wire.flood(end).await,
            Self::Ours(wire) => wire.flood(end).await,
        }
    }

    async fn echo(self) -> Result<(), Failure> {
        loop {
            let message = self.next().await?;
            self.send(message).await?;
        }
    }

    async fn discard(self) -> Result<(), Failure> {
        loop {
            self.next().await?;
        }
    }

    /// Milliseconds of `count` round trips of `size` bytes, one after another.
    async fn round_trips(&self, count: usize, size: usize) -> Result<Vec<f64>, Failure> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let begun = Instant::now();
            let (sent, back) = tokio::join!(self.send(vec![0; size]), self.next());
            sent?;
            back?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        Ok(times)
    }

    /// Bytes per second that arrive within `window`, after `warm_up`. What comes late counts as slow, not as an error.
    async fn receive(&self, warm_up: Duration, window: Duration) -> Result<f64, Failure> {
        self.next().await?;
        self.receive_for(warm_up).await?;
        let bytes = self.receive_for(window).await?;
        Ok(bytes as f64 / window.as_secs_f64())
    }

    async fn receive_for(&self, window: Duration) -> Result<usize, Failure> {
        let (end, mut bytes) = (tokio::time::Instant::now() + window, 0);
        while let Ok(message) = timeout_at(end, self.next()).await {
            bytes += message?.len();
        }
        Ok(bytes)
    }
}

/// The link, and what it does while nothing is asked of it: its messages must go somewhere.
struct End {
    wire: Wire,
    meanwhile: JoinHandle<Result<(), Failure>>,
}

impl End {
    fn new(wire: Wire) -> Self {
        Self { meanwhile: tokio::spawn(wire.clone().discard()), wire }
    }

    async fn act(&mut self, action: &str, args: &[Value]) -> Result<Value, Failure> {
        self.meanwhile.abort();
        let _ = (&mut self.meanwhile).await;
        if action == "echo" {
            self.meanwhile = tokio::spawn(self.wire.clone().echo());
            return Ok(Value::Null);
        }
        let ms = |place| Ok::<_, Failure>(Duration::from_millis(number(args, place)?));
        let value = match action {
            "roundTrips" => {
                let (count, size) = (usize::try_from(number(args, 0)?)?, usize::try_from(number(args, 1)?)?);
                json!(self.wire.round_trips(count, size).await?)
            }
            "flood" => {
                self.wire.flood(Instant::now() + ms(0)?).await?;
                Value::Null
            }
            "receive" => json!(self.wire.receive(ms(0)?, ms(1)?).await?),
            "floodStream" => {
                let (handle, to) = self.wire.node()?;
                stream::flood(handle, to, ms(0)?).await?;
                Value::Null
            }
            "receiveStream" => json!(stream::receive(self.wire.node()?.0, ms(0)?, ms(1)?).await?),
            _ => return Err(format!("no action is called {action}").into()),
        };
        self.meanwhile = tokio::spawn(self.wire.clone().discard());
        Ok(value)
    }
}

fn no_way(way: &str) -> Failure {
    format!("no way is called {way}").into()
}

fn number(args: &[Value], place: usize) -> Result<u64, Failure> {
    args.get(place).and_then(Value::as_u64).ok_or_else(|| format!("argument {place} is no number").into())
}

fn text(args: &[Value], place: usize) -> Result<&str, Failure> {
    args.get(place).and_then(Value::as_str).ok_or_else(|| format!("argument {place} is no text").into())
}

/// What was made of this process so far.
enum Stage {
    Idle,
    Listening(Listening),
    Linked(End),
}

impl Stage {
    async fn answer(&mut self, line: &str) -> Result<Value, Failure> {
        let Request { way, action, args } = serde_json::from_str(line)?;
        match action.as_str() {
            "listen" => {
                *self = Self::Listening(Wire::listen(&way, &args).await?);
                Ok(Value::Null)
            }
            "accept" => {
                let (url, listening) = Wire::accept(&way, &args).await?;
                *self = Self::Listening(listening);
                Ok(json!(url))
            }
            "connect" => {
                *self = Self::Linked(End::new(Wire::connect(&way, &args).await?));
                Ok(Value::Null)
            }
            "dial" => {
                let (wire, ms) = Wire::dial(&way, &args).await?;
                *self = Self::Linked(End::new(wire));
                Ok(json!(ms))
            }
            _ => {
                if let Self::Listening(listening) = self {
                    *self = Self::Linked(End::new(listening.await??));
                }
                let Self::Linked(end) = self else { return Err("there is no link yet".into()) };
                end.act(&action, &args).await
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    stopwatch::install()?;
    let mut requests = BufReader::new(tokio::io::stdin()).lines();
    let mut stage = Stage::Idle;
    let mut output = tokio::io::stdout();
    while let Some(line) = requests.next_line().await? {
        let said = match stage.answer(&line).await {
            Ok(value) => json!({ "value": value }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        output.write_all(format!("{said}\n").as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}
