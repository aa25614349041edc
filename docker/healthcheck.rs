//! `healthcheck ADDRESS:PORT`: ends with 0 if `GET /healthz` there answers 200 within two seconds, and with 1 otherwise.
//!
//! The images hold no shell and no curl that a health check could use. This program needs nothing but the kernel, and it
//! is built by `rustc` alone, so that no dependency of the workspace can break it.

use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// How long connecting, and each reading or writing, may take.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// How much of an answer is read: the status line comes first.
const ANSWER_MAX: u64 = 64;

fn main() -> ExitCode {
    let Some(address) = env::args().nth(1).and_then(|text| text.parse().ok()) else {
        eprintln!("usage: healthcheck ADDRESS:PORT, such as healthcheck 127.0.0.1:7070");
        return ExitCode::from(2);
    };
    match ask(address) {
        Ok(answer) if is_well(&answer) => ExitCode::SUCCESS,
        Ok(answer) => {
            eprintln!("{address} is not well: {}", answer.lines().next().unwrap_or("it said nothing"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{address} does not answer: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The beginning of what `/healthz` answers.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, WAIT_MAX)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    stream.set_write_timeout(Some(WAIT_MAX))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether an HTTP answer begins with a status line that says 200.
fn is_well(answer: &str) -> bool {
    let mut words = answer.split(' ');
    words.next().is_some_and(|version| version.starts_with("HTTP/1.")) && words.next() == Some("200")
}

#[cfg(test)]
mod tests {
    //! Against real sockets on the loopback.

    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request with `answer`, and gives what was asked.
    fn server(answer: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("a request") == 1 {
                request.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).expect("an open connection");
            String::from_utf8(request).expect("text")
        });
        (address, asked)
    }

    #[test]
    fn a_200_is_well_and_the_right_page_was_asked() {
        let (address, asked) = server("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n");
        assert!(is_well(&ask(address).expect("an answer")));
        assert!(asked.join().expect("a request").starts_with("GET /healthz HTTP/1.1\r\n"));
    }

    #[test]
    fn everything_else_is_not() {
        for answer in
            ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0 200 hello", "HTTP/1.1 2000 x", "200", ""]
        {
            let (address, _asked) = server(answer);
            assert!(!is_well(&ask(address).expect("an answer")), "{answer}");
        }
    }

    #[test]
    fn nobody_there_is_an_error() {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
        assert!(ask(free).is_err());
    }
}
