//! Goal: nobody closes a node's doors to others by holding connections open. Method: a real process, real sockets that do
//! nothing, and beside them somebody who asks.

mod common;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use common::program::*;
use common::temporary;

/// A connection to the node's HTTP door from another address of this host.
fn connect_from(from: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("an address of this host");
    socket.connect(&to.into()).expect("connected");
    socket.into()
}

fn health(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(2))).expect("set");
    // The node may have closed it unread.
    let _ = write!(stream, "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn one_address_that_holds_connections_open_does_not_close_the_door_to_others() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let to: SocketAddr = node.address.parse().expect("an address");
    let (busy, other) = ("127.0.0.2".parse().expect("an address"), "127.0.0.3".parse().expect("an address"));
    // Silent ones, and ones in the middle of a head.
    let idle: Vec<TcpStream> = (0..300)
        .map(|number| {
            let mut stream = connect_from(busy, to);
            if number % 2 == 0 {
                let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHo");
            }
            stream
        })
        .collect();
    assert!(health(connect_from(other, to)).starts_with("HTTP/1.1 200 "), "others are answered");
    assert_eq!(health(connect_from(busy, to)), "", "who holds its share gets no more");
    // Whoever says nothing is closed, and its places are free again, while the connections still stand on its side.
    let begin = Instant::now();
    until("free again", || health(connect_from(busy, to)).starts_with("HTTP/1.1 200 "));
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    drop(idle);
}

#[test]
fn commands_that_hold_connections_open_leave_room_for_others_and_are_told() {
    let dir = temporary();
    let node = Node::start(dir.path(), &[]);
    let connect = || UnixStream::connect(dir.path().join("control.sock")).expect("connected");
    let begin = |request: &str| {
        let header = format!(r#"{{"version":1,"request":{request}}}"#);
        let mut stream = connect();
        let _ = stream.write_all(&[1]);
        let _ = stream.write_all(&(header.len() as u32).to_be_bytes());
        let _ = stream.write_all(header.as_bytes());
        stream
    };
    // Files whose data do not come: ten minutes is the least that a slow pipe gets.
    let puts: Vec<UnixStream> = (0..40).map(|_| begin(r#"{"put":{}}"#)).collect();
    let answered = Instant::now();
    assert_eq!(node.json(&["status"])["joined"], false);
    let refused = node.run(&["put", "/dev/null"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("16 files go in and out"), "{}", stderr(&refused));
    // And now all that one user may have.
    let silent: Vec<UnixStream> = (0..60).map(|_| connect()).collect();
    let refused = node.run(&["status"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("end one first"), "{}", stderr(&refused));
    assert!(answered.elapsed() < Duration::from_secs(4), "told at once: {:?}", answered.elapsed());
    until("free again", || node.run(&["status"]).status.success());
    drop((puts, silent));
    // Alone it holds the file, which is another refusal.
    until("free for files", || stderr(&node.run(&["put", "/dev/null"])).contains("no other node"));
}
