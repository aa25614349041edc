//! What may happen next: the bytes choose.

use tabmesh_engine::io::kinds::input;
use tabmesh_engine::limits::BLOCK_MAX;
use tabmesh_engine::wire::frame::{Body, Frame, RELAY, Routed};
use tabmesh_engine::wire::signal::{FromServer, Refusal};
use tabmesh_engine::{BlockHash, Command, Input, JobId, LinkId, OpId, Signature, Status};

use super::super::outcome::Outcome;
use super::choice::Choice;
use super::line::Way;
use super::people::{ATTACKERS, SELF, block, block_name, person};
use super::say::{self, NOW_S, answer_to, id, topic_id};
use super::scene::Scene;

/// One deed.
pub(super) fn next(scene: &mut Scene, choice: &mut Choice<'_>) {
    match choice.below(32) {
        0 => scene.tell(Input::Incoming),
        1 | 2 => come(scene, choice),
        3 if choice.seldom() => pretend(scene, choice),
        3 => introduce(scene, choice),
        4..=9 => say(scene, choice),
        10..=13 => answer(scene, choice),
        14 => repeat(scene, choice),
        15 => raw(scene, choice),
        16 => letter(scene, choice),
        17 => answer_letter(scene, choice),
        18 => link_news(scene, choice),
        19 | 20 => job(scene, choice),
        21 => signal(scene, choice),
        22 => scene.tell(Input::WallTime(choice.number(NOW_S))),
        23..=25 => scene.pass(choice.of(&[10, 100, 300, 1_000, 3_000, 10_000])),
        26 => scene.pass(choice.number(60_000) & 0xff_ffff_ffff),
        27 | 28 => command(scene, choice),
        29 => by_bystander(scene, choice),
        30 if choice.seldom() => rare_command(scene, choice),
        30 => flat(scene, choice),
        _ => flood(scene, choice),
    }
}

/// A link that the bystander has not.
fn link(scene: &Scene, choice: &mut Choice<'_>) -> Option<LinkId> {
    let others: Vec<LinkId> =
        scene.shell.lines.iter().filter(|(_, line)| !line.is_bystanders).map(|(link, _)| *link).collect();
    (!others.is_empty()).then(|| choice.of(&others))
}

/// Who is at the other end of a link, as far as the node knows.
fn peer(scene: &Scene, link: LinkId) -> Option<usize> {
    let view = scene.shell.node.links().find(|view| view.link == link)?;
    super::people::attacker(&view.id)
}

/// An attacker knocks and proves its key.
pub(super) fn come(scene: &mut Scene, choice: &mut Choice<'_>) {
    let before: Vec<LinkId> = scene.shell.lines.keys().copied().collect();
    scene.tell(Input::Incoming);
    let new =
        scene.shell.lines.iter().find(|(link, line)| !before.contains(link) && line.way == Way::Accepted);
    if let Some(link) = new.map(|(link, _)| *link) {
        let profile = choice.of(&[0, 1, 2, RELAY, RELAY | 1, RELAY | 1]);
        scene.introduce(link, choice.of(&ATTACKERS), profile, b"");
    }
}

fn introduce(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    let author = scene.shell.lines[&link].author;
    let who = if choice.seldom() { choice.of(&ATTACKERS) } else { author };
    let address = if choice.seldom() { choice.fill(128) } else { Vec::new() };
    scene.introduce(link, who, choice.of(&[0, RELAY | 1, 2, 255]), &address);
}

/// Somebody takes another's place: by its key alone, or by what it said on another link.
fn pretend(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    if choice.byte() & 1 == 0 {
        return scene.claim(link, choice.below(8), choice.of(&ATTACKERS), 0, b"");
    }
    for bytes in scene.said.clone() {
        scene.bring(link, &bytes);
    }
}

fn say(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    let frame = say::frame(choice);
    note_author(scene, &frame);
    scene.bring(link, &frame);
}

/// Whose envelope this is: should the node begin a link to it, the other end is its author.
fn note_author(scene: &mut Scene, frame: &[u8]) {
    if let Some(Frame::Routed(routed)) = Frame::parse(&frame[2..])
        && let Some(Body::Envelope(bytes)) = routed.body()
        && let Some(envelope) = tabmesh_engine::wire::envelope::Envelope::parse(bytes)
        && let Some(author) = ATTACKERS.into_iter().find(|number| person(*number).key() == envelope.key)
    {
        scene.shell.author = author;
    }
}

/// Answers something that the node said, over the link that it said it on.
fn answer(scene: &mut Scene, choice: &mut Choice<'_>) {
    let theirs = |link: &LinkId| scene.shell.lines.get(link).is_some_and(|line| !line.is_bystanders);
    let heard: Vec<&(LinkId, Vec<u8>)> = scene.shell.heard.iter().filter(|(link, _)| theirs(link)).collect();
    if heard.is_empty() {
        return;
    }
    let (link, bytes) = heard[heard.len() - 1 - choice.below(heard.len())];
    let (link, who) = (*link, peer(scene, *link).unwrap_or(2));
    let Some(frame) = say::answer(choice, who, bytes) else { return };
    note_author(scene, &frame);
    scene.bring(link, &frame);
}

/// Says to the node what it said itself, over any link.
fn repeat(scene: &mut Scene, choice: &mut Choice<'_>) {
    let (Some(link), false) = (link(scene, choice), scene.shell.heard.is_empty()) else { return };
    let place = choice.below(scene.shell.heard.len());
    let bytes = scene.shell.heard[place].1.clone();
    scene.bring(link, &[&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat());
}

fn raw(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    let bytes = choice.bytes(255);
    let length = if choice.seldom() { choice.byte() } else { bytes.len() as u8 };
    scene.bring(link, &[&[0, length], bytes].concat());
}

/// An envelope comes, over a link or by the signalling server.
fn letter(scene: &mut Scene, choice: &mut Choice<'_>) {
    let envelope = say::offer(choice);
    deliver(scene, choice, &envelope, false);
}

fn answer_letter(scene: &mut Scene, choice: &mut Choice<'_>) {
    let letters = &scene.shell.letters;
    if letters.is_empty() {
        return;
    }
    let (to, letter) = &letters[letters.len() - 1 - choice.below(letters.len().min(8))];
    let Some((from, envelope)) = answer_to(choice, to, letter) else { return };
    scene.shell.author = from;
    deliver(scene, choice, &envelope, true);
}

fn deliver(scene: &mut Scene, choice: &mut Choice<'_>, envelope: &[u8], reply: bool) {
    let (origin, target) = (id(choice), person(SELF).id);
    let by_server = FromServer::Deliver { from: &origin, envelope }.emit();
    let routed = super::super::frames::routed(reply, true, &origin, &target, &[], 2, envelope).emit();
    note_author(scene, &routed);
    match link(scene, choice).filter(|_| !choice.seldom()) {
        Some(link) => scene.bring(link, &routed),
        None => scene.tell(Input::SignalBytes(&by_server)),
    }
}

/// The transport has news.
fn link_news(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    match choice.below(6) {
        0 => {
            let all: Vec<LinkId> = scene.shell.lines.keys().copied().collect();
            for link in all {
                scene.shell.open(link);
                scene.tell(Input::Timeout);
            }
        }
        1 => scene.shell.tell_down(link),
        2 => scene.tell(Input::LinkDrained { link, queued: choice.number(0) as u32 }),
        3 => scene.tell(Input::Described { link, description: &choice.fill(600) }),
        4 => scene.tell(Input::LinkDrained { link, queued: 0 }),
        _ => {
            let nobodys = LinkId::new(40_000 | u16::from(choice.byte())).expect("not 0");
            let bytes = choice.bytes(40);
            scene.tell(Input::LinkUp(nobodys));
            scene.tell(Input::Sealed { link: nobodys, bytes });
            scene.tell(Input::LinkBytes { link: nobodys, bytes });
            scene.tell(Input::LinkDown(nobodys));
        }
    }
}

/// A job ends late, twice, or with what nobody asked for.
fn job(scene: &mut Scene, choice: &mut Choice<'_>) {
    if choice.seldom() {
        scene.shell.is_slow ^= true;
    }
    if scene.shell.jobs.is_empty() {
        let job = JobId(choice.number(1) as u32);
        let ended = odd(choice);
        return scene.tell(Input::JobDone { job, result: ended.result() });
    }
    let place = choice.below(scene.shell.jobs.len());
    let (job, work) =
        if choice.seldom() { scene.shell.jobs[place].clone() } else { scene.shell.jobs.remove(place) };
    let ended = if choice.seldom() { odd(choice) } else { scene.shell.store.work(&work) };
    // Nobody can make a signature hold that does not.
    let ended = match (work, ended) {
        (
            work @ (tabmesh_engine::Work::Verify { .. } | tabmesh_engine::Work::CheckMessage(_)),
            Outcome::Verified(_) | Outcome::Loaded(_),
        ) => scene.shell.store.work(&work),
        (_, ended) => ended,
    };
    scene.tell(Input::JobDone { job, result: ended.result() });
}

fn odd(choice: &mut Choice<'_>) -> Outcome {
    match choice.below(9) {
        0 => Outcome::Signature(Signature([choice.byte(); 64])),
        1 => Outcome::Verified(false),
        2 => Outcome::Loaded(choice.fill(BLOCK_MAX)),
        3 => Outcome::Hashes((0..choice.below(65)).map(|_| BlockHash(block_name(choice.byte()))).collect()),
        4 => Outcome::Stored,
        5 => Outcome::Mismatch,
        6 => Outcome::Full,
        7 => Outcome::Failed,
        _ => Outcome::Missing,
    }
}

fn signal(scene: &mut Scene, choice: &mut Choice<'_>) {
    let about = id(choice);
    let bytes = match choice.below(8) {
        0 => return scene.tell(Input::SignalUp(&choice.fill(300))),
        1 => return scene.tell(Input::SignalDown),
        2 => FromServer::Challenge { level: choice.byte(), nonce: &[choice.byte(); 32] }.emit(),
        3 | 4 => {
            let peers = (0..choice.below(4)).map(|_| (id(choice), choice.byte())).collect();
            FromServer::Welcome { peers }.emit()
        }
        5 => {
            let refusal = Refusal::from_code(choice.byte() % 13).unwrap_or(Refusal::Draining);
            FromServer::Refused { refusal, about: &about }.emit()
        }
        6 => FromServer::Deliver { from: &about, envelope: choice.bytes(200) }.emit(),
        _ => choice.bytes(100).to_vec(),
    };
    scene.tell(Input::SignalBytes(&bytes));
}

fn command(scene: &mut Scene, choice: &mut Choice<'_>) {
    let (op, number) = (OpId(choice.byte().into()), choice.byte());
    let hash = BlockHash(block_name(number));
    let (target, topic) = (id(choice), topic_id(choice));
    let command = match choice.below(13) {
        0 => {
            scene.shell.store.add(block(number));
            Command::Put { op, hash: &hash }
        }
        1 => Command::Put { op, hash: &hash },
        2 => Command::Get { op, hash: &hash },
        3 => Command::Find { op, target: &target },
        4 => {
            let (port, kind) = (choice.below(3) as u32, choice.byte());
            let (within_ms, length) = (choice.number(100) as u32, choice.number(100) as u32);
            Command::Ask { op, to: &target, port, within_ms, length, kind }
        }
        5 => Command::Subscribe { op, topic: &topic },
        6 => Command::Unsubscribe { topic: &topic },
        7 => {
            return scene.tell(Input::Command(Command::Publish {
                op,
                topic: &topic,
                bytes: &choice.fill(9_000),
            }));
        }
        8 => return scene.tell(Input::Command(Command::Open(choice.bytes(100)))),
        9 => return scene.tell(Input::Command(Command::Hold(&[target, id(choice)]))),
        10 => {
            let (port, bytes) = (choice.below(3) as u32, choice.fill(1_100));
            return scene.tell(Input::Command(Command::Tell { port, to: &target, bytes: &bytes }));
        }
        11 => {
            let status = if choice.byte() > 99 { Status::Ok } else { Status::NotFound };
            let ticket = scene.shell.ticket.clone();
            return scene.tell(Input::Command(Command::Reply { status, bytes: &ticket }));
        }
        _ => Command::Cancel { op },
    };
    scene.tell(Input::Command(command));
}

fn rare_command(scene: &mut Scene, choice: &mut Choice<'_>) {
    match choice.byte() {
        255 => {
            scene.shell.has_left = true;
            scene.tell(Input::Command(Command::Leave));
        }
        0..=100 => scene.tell(Input::Command(Command::Wake)),
        number => scene.tell(Input::Command(Command::Addresses(u16::from(number) % 70))),
    }
}

/// The raw door: a kind with any number and bytes of any length.
fn flat(scene: &mut Scene, choice: &mut Choice<'_>) {
    const KINDS: [u32; 26] = [
        input::TIMEOUT,
        input::WALL_TIME,
        input::SIGNAL_UP,
        input::SIGNAL_DOWN,
        input::SIGNAL_BYTES,
        input::SIGNATURE,
        input::MISSING,
        input::STORED,
        input::MISMATCH,
        input::FULL,
        input::HASHES,
        input::FAILED,
        input::PUT,
        input::GET,
        input::FIND,
        input::ASK,
        input::OPEN,
        input::TELL,
        input::REPLY,
        input::HOLD,
        input::SUBSCRIBE,
        input::UNSUBSCRIBE,
        input::PUBLISH,
        input::CANCEL,
        input::ADDRESSES,
        63,
    ];
    let job = scene.shell.jobs.first().map_or(1, |(job, _)| job.0);
    let (kind, number) = (choice.of(&KINDS), choice.number(job.into()) as u32);
    scene.tell_flat(kind, number, choice.bytes(100));
}

/// What an attacker says to the bystander comes on from there.
fn by_bystander(scene: &mut Scene, choice: &mut Choice<'_>) {
    let frame = say::frame(choice);
    note_author(scene, &frame);
    if frame.len() > 2 {
        scene.bring_by_bystander(&frame);
    }
}

/// The same many times.
fn flood(scene: &mut Scene, choice: &mut Choice<'_>) {
    let Some(link) = link(scene, choice) else { return };
    let frame = say::frame(choice);
    let count = 1 + choice.below(64);
    for number in 0..count {
        let mut bytes = frame.clone();
        // Requests of other numbers.
        if let Some(Frame::Routed(routed)) = Frame::parse(&frame[2..]) {
            let request = routed.request.wrapping_add(number as u32);
            bytes = Routed { request, ..routed.clone() }.emit(routed.how, routed.path);
        }
        scene.bring(link, &bytes);
    }
}
