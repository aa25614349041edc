//! Links on loopback: two ends of each kind connect, exchange packets, report what is queued, and free everything.

mod strangers;

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::accept_async_with_config;
use url::Url;

use super::webrtc::Ice;
use super::*;
use crate::settings::Settings;

/// The driver's side of one link under test.
struct End {
    link: Option<Link>,
    reports: mpsc::Receiver<Report>,
    task: JoinHandle<()>,
    /// WebSocket: the public half of the fresh key.
    key: Vec<u8>,
}

impl End {
    fn start<F>(make: impl FnOnce(Reporter) -> (Link, F)) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, reports) = mpsc::channel(64);
        let (link, task) =
            make(Reporter { reports: sender, link: LinkId::new(1).expect("no link is 0"), generation: 1 });
        Self { link: Some(link), reports, task: tokio::spawn(task), key: Vec::new() }
    }

    fn link(&mut self) -> &mut Link {
        self.link.as_mut().expect("not closed yet")
    }

    fn send(&mut self, packet: &[u8]) {
        self.link().send(Bytes::copy_from_slice(packet)).expect("there is room");
    }

    /// Agrees with the other end, as the engine has it done.
    fn seal(&mut self, peer: &[u8], dialled: bool) {
        let peer = PublicKey::of(peer.try_into().expect("64 bytes"));
        let sealer = self.link().agree(peer, &[9; 32], dialled).expect("a key");
        self.link().seal_from_here(sealer);
    }

    /// The next report that is no `Drained`.
    async fn next(&mut self) -> What {
        loop {
            let report = timeout(Duration::from_secs(30), self.reports.recv()).await.expect("in time");
            match report.expect("the task tells before it ends").what {
                What::Drained(_) => {}
                what => return what,
            }
        }
    }

    async fn described(&mut self) -> Vec<u8> {
        match self.next().await {
            What::Described(description) => description,
            other => panic!("{other:?}"),
        }
    }

    async fn up(&mut self) {
        let what = self.next().await;
        assert!(matches!(what, What::Up), "{what:?}");
    }

    async fn packet(&mut self) -> Bytes {
        match self.next().await {
            What::Packet(packet) => self.link().take(packet).expect("sealed where it has to be"),
            other => panic!("{other:?}"),
        }
    }

    async fn down(&mut self) {
        let what = self.next().await;
        assert!(matches!(what, What::Down), "{what:?}");
    }

    /// Closes the link as the driver does; the task must end by itself.
    async fn close(&mut self) {
        self.link = None;
        self.ended().await;
    }

    async fn ended(&mut self) {
        timeout(Duration::from_secs(10), &mut self.task).await.expect("in time").expect("no panic");
    }
}

fn loopback() -> Ice {
    let udp = vec!["127.0.0.1:0".parse().expect("an address")];
    Ice::new(&Settings { udp, ..Settings::at("unused") })
}

async fn webrtc_pair() -> (End, End) {
    let (mut offerer, mut answerer) = webrtc_pair_opening().await;
    offerer.up().await;
    answerer.up().await;
    (offerer, answerer)
}

async fn webrtc_pair_opening() -> (End, End) {
    let mut offerer = End::start(|reporter| webrtc::offer(loopback(), reporter));
    let offer = offerer.described().await;
    assert!(offer.len() <= 250, "{} bytes", offer.len());
    let mut answerer = End::start(|reporter| webrtc::answer(loopback(), offer, reporter));
    let answer = answerer.described().await;
    offerer.link().answered(answer);
    (offerer, answerer)
}

async fn listener() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, Url::parse(&format!("ws://{address}/")).expect("a URL"))
}

async fn accept(listener: &TcpListener) -> tokio_tungstenite::WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.expect("a connection");
    accept_async_with_config(stream, Some(socket::config(socket::MESSAGE_MAX))).await.expect("a WebSocket")
}

async fn socket_pair() -> (End, End) {
    let (listener, url) = listener().await;
    let mut dialler = End::start(|reporter| socket::dial(url, None, reporter));
    let stream = accept(&listener).await;
    let mut listener = End::start(|reporter| socket::accepted(stream, reporter));
    (dialler.key, listener.key) = (dialler.described().await, listener.described().await);
    dialler.up().await;
    (dialler, listener)
}

/// Both ends have proved themselves: the rest is sealed.
async fn sealed_socket_pair() -> (End, End) {
    let (mut one, mut two) = socket_pair().await;
    let (first, second) = (one.key.clone(), two.key.clone());
    one.seal(&second, true);
    two.seal(&first, false);
    (one, two)
}

async fn exchanges_packets(mut one: End, mut two: End) {
    for length in [1, 1000, 17_000, limits::PACKET_MAX] {
        let packet: Vec<u8> = (0..length).map(|place| place as u8).collect();
        one.send(&packet);
        assert_eq!(two.packet().await, packet, "{length} bytes there");
        two.send(&packet);
        assert_eq!(one.packet().await, packet, "{length} bytes back");
    }
    // What was sent before the close still arrives, in order.
    for number in 0..100u8 {
        one.send(&[number; 2000]);
    }
    one.close().await;
    for number in 0..100u8 {
        assert_eq!(two.packet().await, [number; 2000][..]);
    }
}

/// Sends 8 MiB as fast as the queue takes it; every byte must arrive, and the queue must be reported falling.
async fn reports_what_is_queued(mut one: End, mut two: End) {
    const PACKETS: usize = 256;
    let packet = Bytes::from(vec![7; 32 * 1024]);
    let reader = tokio::spawn(async move {
        let mut total = 0;
        while total < PACKETS * packet_length() {
            total += two.packet().await.len();
        }
        two
    });
    fn packet_length() -> usize {
        32 * 1024
    }
    let mut unreported = 0;
    let mut reports = 0;
    for _ in 0..PACKETS {
        one.link().send(packet.clone()).expect("there is room");
        unreported += packet.len() as u32;
        // As the engine does: above its mark it adds nothing until it is told.
        while unreported > limits::QUEUE_BULK {
            let report = timeout(Duration::from_secs(30), one.reports.recv()).await.expect("in time");
            let What::Drained(queued) = report.expect("open").what else { panic!("drained") };
            unreported = queued;
            reports += 1;
        }
    }
    let mut two = reader.await.expect("all arrived");
    assert!(reports > 8, "{reports} reports");
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtc_links_exchange_packets() {
    let (one, two) = webrtc_pair().await;
    exchanges_packets(one, two).await;
}

/// Whichever end opens first sends at once, while the other one is still opening.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_packet_right_behind_the_handshake_arrives() {
    for _ in 0..10 {
        let (offerer, answerer) = webrtc_pair_opening().await;
        let ends = [offerer, answerer].map(|mut end| {
            tokio::spawn(async move {
                end.up().await;
                end.send(b"first");
                end.send(b"second");
                assert_eq!(end.packet().await, b"first"[..]);
                assert_eq!(end.packet().await, b"second"[..]);
                end
            })
        });
        for end in ends {
            end.await.expect("both packets came, in order").close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtc_links_report_what_is_queued() {
    let (one, two) = webrtc_pair().await;
    reports_what_is_queued(one, two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_links_exchange_packets() {
    let (one, two) = socket_pair().await;
    exchanges_packets(one, two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_socket_links_exchange_packets_and_report_what_is_queued() {
    let (one, two) = sealed_socket_pair().await;
    exchanges_packets(one, two).await;
    let (one, two) = sealed_socket_pair().await;
    reports_what_is_queued(one, two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_the_seal_goes_first_and_as_it_was() {
    let (mut one, mut two) = socket_pair().await;
    let (first, second) = (one.key.clone(), two.key.clone());
    one.send(b"in the clear");
    assert_eq!(two.packet().await, b"in the clear"[..]);
    one.send(b"the last proof");
    one.seal(&second, true);
    assert_eq!(two.packet().await, b"the last proof"[..]);
    two.seal(&first, false);
    one.send(b"for two eyes");
    assert_eq!(two.packet().await, b"for two eyes"[..]);
}

/// Whoever stands between speaks in the clear right behind the last proof, while the driver looks at that.
#[tokio::test(flavor = "multi_thread")]
async fn x1_what_came_in_the_clear_is_nothing_once_the_link_is_sealed() {
    let (mut one, mut two) = socket_pair().await;
    one.send(b"the last proof");
    one.send(b"pay mallory");
    assert_eq!(two.packet().await, b"the last proof"[..]);
    while two.reports.is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let first = one.key.clone();
    two.seal(&first, false);
    let What::Packet(packet) = two.next().await else { panic!("a packet came") };
    assert_eq!(two.link().take(packet).expect_err("forged"), SealError::Sealed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_ends_a_sealed_socket() {
    let (mut one, mut two) = sealed_socket_pair().await;
    one.send(b"first");
    assert_eq!(two.packet().await, b"first"[..]);
    // The other end's keys are others from here on.
    let (mut other, _kept) = socket_pair().await;
    let sealer =
        other.link().agree(PublicKey::of(two.key.as_slice().try_into().expect("64 bytes")), &[8; 32], true);
    one.link().seal_from_here(sealer.expect("a key"));
    one.send(b"forged");
    two.down().await;
    two.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_links_report_what_is_queued() {
    let (one, two) = socket_pair().await;
    reports_what_is_queued(one, two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_link_goes_down_when_its_peer_goes() {
    let (mut one, mut two) = socket_pair().await;
    one.close().await;
    two.down().await;
    two.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webrtc_link_goes_down_when_its_peer_goes() {
    let (mut one, mut two) = webrtc_pair().await;
    one.close().await;
    two.down().await;
    two.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_listens_is_told_with_the_reason() {
    let (listener, url) = listener().await;
    drop(listener);
    let mut dialler = End::start(|reporter| socket::dial(url, None, reporter));
    dialler.described().await;
    let what = dialler.next().await;
    assert!(matches!(what, What::Failed(DialError::Socket(_))), "{what:?}");
    dialler.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_closed_while_it_opens_is_freed_at_once() {
    let (_listener, url) = listener().await;
    End::start(|reporter| socket::dial(url, None, reporter)).close().await;
    let mut offerer = End::start(|reporter| webrtc::offer(loopback(), reporter));
    offerer.described().await;
    offerer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_that_is_none_is_a_link_down() {
    let mut answerer = End::start(|reporter| webrtc::answer(loopback(), b"garbage".to_vec(), reporter));
    answerer.down().await;
    answerer.ended().await;
    let mut offerer = End::start(|reporter| webrtc::offer(loopback(), reporter));
    offerer.described().await;
    offerer.link().answered(b"garbage".to_vec());
    offerer.down().await;
    offerer.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_oversized_messages_cost_a_socket_its_link() {
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;
    for message in [Message::text("hello"), Message::binary(vec![0; socket::MESSAGE_MAX + 1])] {
        let (listener, url) = listener().await;
        let mut dialler = End::start(|reporter| socket::dial(url, None, reporter));
        let mut stream = accept(&listener).await;
        dialler.described().await;
        dialler.up().await;
        // The link may be gone before the whole message is out.
        let _ = stream.send(message).await;
        dialler.down().await;
        dialler.ended().await;
    }
}

#[tokio::test]
async fn a_link_nobody_reads_from_is_bounded() {
    let (link, _outbox) = Link::new(LinkKind::Socket, None);
    let packet = Bytes::from(vec![0; limits::PACKET_MAX]);
    let taken = (0..1000).take_while(|_| link.send(packet.clone()).is_ok()).count();
    assert_eq!(taken * limits::PACKET_MAX, QUEUED_MAX as usize);
}
