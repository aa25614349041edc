//! The node among others: an honest bystander that is linked all the time, and whoever else comes.

use tabmesh_engine::limits::CREDIT;
use tabmesh_engine::wire::frame::{
    BULK_MIN, ENTRY, Frame, HOPS_MAX, Hello, RELAY, Routed, proof_bytes, transcript,
};
use tabmesh_engine::wire::topic::{Head, proof, signed_bytes};
use tabmesh_engine::{Coordinate, Input, LinkId, PublicKey, sha256};
use tabmesh_world::crypto::{Crypto, StandIn};

use super::super::frames::NET;
use super::choice::Choice;
use super::line::{Line, Way};
use super::people::{BYSTANDER, SELF, attacker, exchange, person};
use super::say;
use super::shell::Shell;

/// So many answers come between two deeds.
const ANSWERS_MAX: u8 = 32;

/// The node, and what the bystander keeps in mind.
pub(super) struct Scene {
    pub(super) shell: Shell,
    /// The bystander's link.
    bystander: LinkId,
    /// Bulk that came to it and that it has not granted again.
    owes: u32,
    /// Bulk that it may still send.
    may: u32,
    /// What was said to prove a key, the last time.
    pub(super) said: Vec<Vec<u8>>,
    /// Bytes that came since it told that it read them.
    read: usize,
}

impl Scene {
    pub(super) fn new(mut shell: Shell) -> Self {
        shell.tell(Input::Incoming);
        let accepted = shell.lines.iter().find(|(_, line)| line.way == Way::Accepted);
        let bystander = *accepted.expect("there is room for the first link").0;
        shell.lines.get_mut(&bystander).expect("it was accepted").is_bystanders = true;
        let mut scene = Self { shell, bystander, owes: 0, may: CREDIT, said: Vec::new(), read: 0 };
        scene.introduce(bystander, BYSTANDER, 0, b"");
        assert!(scene.is_bystander_linked(), "the bystander is let in");
        scene
    }

    fn is_bystander_linked(&self) -> bool {
        self.shell.node.links().any(|view| view.link == self.bystander && view.id == person(BYSTANDER).id)
    }

    /// One input; the bystander answers what it hears, and keeps its link.
    pub(super) fn tell(&mut self, input: Input<'_>) {
        self.shell.tell(input);
        self.follow();
    }

    /// An input in its flat form.
    pub(super) fn tell_flat(&mut self, kind: u32, number: u32, bytes: &[u8]) {
        self.shell.tell_flat(kind, number, bytes);
        self.follow();
    }

    /// Somebody says this over a link.
    pub(super) fn bring(&mut self, link: LinkId, bytes: &[u8]) {
        self.shell.bring(link, bytes);
        self.follow();
    }

    fn follow(&mut self) {
        while !self.shell.inbox.is_empty() {
            for bytes in std::mem::take(&mut self.shell.inbox) {
                self.bystander_hears(&bytes);
            }
        }
    }

    /// Attackers that are lively answer what was said to them, and what comes of that, for a while.
    pub(super) fn answer(&mut self) {
        for count in 0..ANSWERS_MAX {
            self.greet();
            let Some((link, bytes)) = self.shell.unanswered.pop() else { return };
            let peer =
                self.shell.node.links().find(|view| view.link == link).and_then(|view| attacker(&view.id));
            // Other choices each time, the usual ones mostly.
            let chosen = [bytes.len() as u8 & 0x3f, count, 1, count * 2, 1, count * 4];
            if let Some(frame) = say::answer(&mut Choice(&chosen), peer.unwrap_or(2), &bytes) {
                self.shell.author = peer.unwrap_or(2);
                self.bring(link, &frame);
            }
        }
        self.shell.unanswered.clear();
    }

    fn bystander_hears(&mut self, bytes: &[u8]) {
        let link = self.bystander;
        self.read += bytes.len();
        if self.read >= 65_536 {
            self.read = 0;
            self.shell.tell(Input::LinkDrained { link, queued: 0 });
        }
        if bytes.len() - 2 > BULK_MIN {
            self.owes += bytes.len() as u32 - 2;
            if self.owes >= 65_536 {
                let granted = std::mem::take(&mut self.owes);
                self.shell.bring(link, &Frame::Credit(granted).emit());
            }
        }
        match Frame::parse(&bytes[2..]) {
            Some(Frame::Ping(number)) => {
                let pong = Frame::Pong { number, at: Coordinate::default(), wall_s: 0 };
                self.shell.bring(link, &pong.emit());
            }
            Some(Frame::Credit(bytes)) => self.may = self.may.saturating_add(bytes).min(CREDIT),
            Some(Frame::Bye(reason)) => {
                assert!(self.shell.has_left, "the bystander's link is closed: {reason:?}")
            }
            _ => {}
        }
    }

    /// Who was dialled, or dialled this node by an offer, says who it is.
    fn greet(&mut self) {
        let waits = |line: &Line| match line.way {
            Way::Accepted => false,
            Way::Dialled => !line.hello.is_empty(),
            _ => line.is_up,
        };
        let are_lively = self.shell.are_lively;
        let is_new = |line: &Line| are_lively && !line.is_greeted && waits(line);
        let Some((link, line)) = self.shell.lines.iter_mut().find(|(_, line)| is_new(line)) else { return };
        line.is_greeted = true;
        let (link, author) = (*link, line.author);
        self.introduce(link, author, RELAY | 1, b"");
    }

    /// What must be true between any two deeds.
    pub(super) fn check(&self) {
        assert!(self.shell.has_left || self.is_bystander_linked(), "the bystander lost its link");
    }

    /// Everybody else goes; the bystander comes again, and is let in.
    pub(super) fn end(mut self) {
        if self.shell.has_left {
            return;
        }
        let links: Vec<LinkId> = self.shell.lines.keys().copied().collect();
        links.into_iter().for_each(|link| self.shell.tell_down(link));
        self.shell.finish_jobs();
        let before: Vec<LinkId> = self.shell.lines.keys().copied().collect();
        self.shell.tell(Input::Incoming);
        let accepted =
            self.shell.lines.iter().find(|(link, line)| !before.contains(link) && line.way == Way::Accepted);
        let link = *accepted.expect("there is room where all links are gone").0;
        self.shell.lines.get_mut(&link).expect("it is open").is_bystanders = true;
        self.introduce(link, BYSTANDER, 0, b"");
        self.bystander = link;
        assert!(self.is_bystander_linked(), "the bystander is kept away");
    }

    /// What an honest node would hand on for others comes by way of the bystander.
    pub(super) fn bring_by_bystander(&mut self, frame: &[u8]) {
        let link = self.bystander;
        let frame = match Frame::parse(&frame[2..]) {
            Some(Frame::Routed(routed)) => match passed_on(routed) {
                Some(bytes) => bytes,
                None => return,
            },
            Some(frame @ Frame::Carry { carried: true, peer, .. }) if attacker(peer).is_some() => {
                frame.emit()
            }
            Some(frame @ Frame::Topic { kind: 3, raw }) if is_sound(raw) => frame.emit(),
            _ => return,
        };
        let length = frame.len() as u32 - 2;
        if length as usize > BULK_MIN {
            if self.may < length {
                return;
            }
            self.may -= length;
        }
        self.bring(link, &frame);
    }

    /// Whoever has the key says who it is, and proves it where that is asked.
    pub(super) fn introduce(&mut self, link: LinkId, number: usize, profile: u8, address: &[u8]) {
        self.claim(link, number, number, profile, address);
    }

    /// Somebody says that it is another, and signs as itself.
    pub(super) fn claim(&mut self, link: LinkId, number: usize, signer: usize, profile: u8, address: &[u8]) {
        let Some(line) = self.shell.lines.get(&link) else { return };
        let (way, theirs, who) = (line.way, line.hello.clone(), person(number));
        let is_socket = matches!(way, Way::Accepted | Way::Dialled);
        let key = if is_socket { exchange(signer) } else { PublicKey::NONE };
        let nonce = &[if is_socket { 7 } else { 0 }; 32];
        let hello = Hello { network: &NET, profile, nonce, exchange: &key, key: who.key(), address };
        let mine = Frame::Hello(hello).emit();
        if !is_socket {
            return self.bring(link, &mine);
        }
        if theirs.is_empty() {
            return;
        }
        let is_dialler = way == Way::Accepted;
        let (own, other) = (sha256(&mine[2..]), sha256(&theirs));
        let said = if is_dialler { transcript(&own, &other) } else { transcript(&other, &own) };
        let proof = person(signer).sign(&proof_bytes(&NET, is_dialler, &said, &who.id, &person(SELF).id));
        self.shell.line(link).proofs |= u8::from(number == signer) << number;
        self.said = vec![mine.clone(), Frame::Proof(&proof).emit(), Frame::Welcome.emit()];
        self.bring(link, &mine);
        self.bring(link, &Frame::Proof(&proof).emit());
        if is_dialler {
            self.bring(link, &Frame::Welcome.emit());
        }
    }

    /// Time goes by, and the node is woken when it asked for it.
    pub(super) fn pass(&mut self, ms: u64) {
        let until = self.shell.now.saturating_add(ms.saturating_mul(1_000));
        let mut wakes = 0;
        loop {
            let wanted = self.shell.node.wanted_at().0;
            if wanted > until || wakes > 400 {
                break;
            }
            assert!(wakes < 400 || wanted > self.shell.now || ms > 1_000, "it is woken again and again");
            self.shell.now = self.shell.now.max(wanted);
            wakes += 1;
            self.tell(Input::Timeout);
            self.answer();
        }
        self.shell.now = until;
        self.tell(Input::Timeout);
    }
}

/// A routed message as an honest hop sends it on; `None` if it does not.
fn passed_on(routed: Routed<'_>) -> Option<Vec<u8>> {
    if routed.hops >= HOPS_MAX {
        return None;
    }
    let hops = routed.hops + 1;
    if routed.reply {
        return Some(Routed { hops, ..routed.clone() }.emit(routed.how, routed.path));
    }
    routed.body()?;
    let path =
        [&routed.path[..routed.path.len().min(usize::from(hops - 1) * ENTRY)], &[0xb5; ENTRY]].concat();
    (path.len() == usize::from(hops) * ENTRY)
        .then(|| Routed { hops, ..routed.clone() }.emit(routed.how & 7, &path))
}

/// A message of a topic whose signature holds.
fn is_sound(raw: &[u8]) -> bool {
    let Some((key, signature)) = Head::parse(raw).and_then(|_| proof(raw)) else { return false };
    StandIn::verify(key, signature, &signed_bytes(&NET, raw))
}
