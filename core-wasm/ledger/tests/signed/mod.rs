//! A chain whose blocks are signed by who votes, without messages: what light nodes are shown of it.

#![allow(dead_code, reason = "not every test needs all of it")]

use tabmesh_ledger::{
    Action, Belief, Certificate, Claim, Doubt, Follower, Genesis, Header, Ledger, Operation, Says, Statement,
    Taken, Terms, Voter,
};
use tabmesh_port::{NodeId, PublicKey, Signature, Writer};
use tabmesh_world::crypto::{Crypto, Owner, StandIn};

pub(crate) const CREDIT: u64 = 1_000_000;

pub(crate) fn owner(person: u32) -> Owner {
    Owner { seed: 21, node: person, life: 0, tries: 0 }
}

pub(crate) fn key(person: u32) -> PublicKey {
    StandIn::public(owner(person))
}

pub(crate) fn holds(claim: &Claim) -> bool {
    StandIn::verify(&claim.key, &claim.signature, &claim.bytes)
}

#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) genesis: Genesis,
    pub(crate) ledger: Ledger,
    pub(crate) epoch: u32,
    people: u32,
    wanted: Vec<Operation>,
}

impl Chain {
    /// Persons 1 to `voters` vote; `others` more have credits.
    pub(crate) fn new(voters: u32, others: u32) -> Self {
        let terms = Terms { epoch_ms: 10_000, stake: 100, fee: 10, price: 1, mint: 0, units: 384 };
        let mut genesis = Genesis {
            network: *b"tests v1",
            starts_ms: 1_800_000_000_000,
            is_test: true,
            is_lax: true,
            terms,
            voters: (1..=voters).map(|person| Voter { key: key(person), balance: 10_000 * CREDIT }).collect(),
            accounts: (voters + 1..=voters + others)
                .map(|person| (NodeId::of_key(&key(person)), 10_000 * CREDIT))
                .collect(),
        };
        genesis.sort();
        genesis.check().expect("a genesis");
        let ledger = Ledger::new(&genesis);
        Self { genesis, ledger, epoch: 0, people: voters + others, wanted: Vec::new() }
    }

    pub(crate) fn follower(&self) -> Follower {
        Follower::new(*self.ledger.id(), Belief::new(&self.genesis))
    }

    pub(crate) fn head(&self) -> &Header {
        self.ledger.head()
    }

    pub(crate) fn act(&mut self, person: u32, action: Action) {
        let account = NodeId::of_key(&key(person));
        let account = self.ledger.state().units().account(&tabmesh_ledger::Key::account(&account));
        let before = self.wanted.iter().filter(|other| other.key == key(person)).count() as u32;
        let sequence = account.expect("an account").sequence + before;
        let (fee, until, signature) = (10, u32::MAX, Signature::BLANK);
        self.wanted.push(Operation { action, fee, sequence, until, key: key(person), signature });
    }

    /// A block comes, an epoch later; all who vote are shown.
    pub(crate) fn step(&mut self) {
        self.epoch += 1;
        let shown = if self.head().height % 6 >= 3 { self.ledger.state().voters().all() } else { 0 };
        let wanted = std::mem::take(&mut self.wanted);
        let (block, refused) = self.ledger.propose(self.epoch, shown, &wanted).expect("a block");
        assert!(refused.is_empty(), "{refused:?}");
        self.ledger.apply(&block).expect("it follows");
    }

    pub(crate) fn run_to(&mut self, height: u32) {
        while self.head().height < height {
            self.step();
        }
    }

    fn person(&self, of: &PublicKey) -> Option<u32> {
        (1..=self.people).find(|person| key(*person) == *of)
    }

    /// What these voters sign of the newest block, which is not the last one of its view.
    pub(crate) fn certificate(&self, voters: impl Iterator<Item = u8>) -> Certificate {
        let header = self.head();
        let (says, subject) = (Says::Finalise, header.hash());
        let statement = Statement { says, view: header.view, height: header.height, round: 1, subject };
        let bytes = statement.signed(self.ledger.id());
        let mut certificate = Certificate::new(statement);
        for voter in voters {
            let seat = self.ledger.state().voters().get(voter).expect("a voter");
            let person = self.person(&seat.key).expect("a person");
            certificate.add(voter, StandIn::sign(owner(person), &bytes));
        }
        certificate
    }

    /// The newest block for a light node, with the list of who votes; signed by the last Q voters, so that newcomers are among them.
    pub(crate) fn shown(&self) -> Vec<u8> {
        let voters = self.ledger.state().voters();
        let (count, quorum) = (voters.len() as u8, voters.quorum() as u8);
        emit(&self.certificate(count - quorum..count), Some(&self.list()), self.head())
    }

    /// And without it.
    pub(crate) fn bare(&self) -> Vec<u8> {
        let quorum = self.ledger.state().voters().quorum() as u8;
        emit(&self.certificate(0..quorum), None, self.head())
    }

    /// The newest header with a list of these persons in the place of the true one, signed by all of them.
    pub(crate) fn forged(&self, persons: &[u32]) -> Vec<u8> {
        let mut persons = persons.to_vec();
        persons.sort_by_key(|person| tabmesh_ledger::Key::account(&NodeId::of_key(&key(*person))));
        let mut list = Writer::default();
        list.u8(1).u8(persons.len() as u8);
        for person in &persons {
            list.bytes(&key(*person).0).bytes(&[0; 16]).u8(162).u8(1);
        }
        list.u16(0);
        let list = list.finish();
        let voters = tabmesh_port::sha256(&[&[12], &list[..]].concat());
        let header = Header { voters, ..*self.head() };
        let statement = Statement {
            says: Says::Finalise,
            view: header.view,
            height: header.height,
            round: 0,
            subject: header.hash(),
        };
        let bytes = statement.signed(self.ledger.id());
        let mut certificate = Certificate::new(statement);
        for (voter, person) in persons.iter().enumerate() {
            certificate.add(voter as u8, StandIn::sign(owner(*person), &bytes));
        }
        emit(&certificate, Some(&list), &header)
    }

    /// The bytes of who votes, as `docs/LEDGER.md` has them.
    pub(crate) fn list(&self) -> Vec<u8> {
        let voters = self.ledger.state().voters();
        let mut writer = Writer::default();
        writer.u8(1);
        for list in [voters.seats(), voters.frozen(), voters.waiting()] {
            writer.u8(list.len() as u8);
            for seat in list {
                let flags = u8::from(seat.is_steady) | u8::from(seat.thaws) << 1;
                writer.bytes(&seat.key.0).bytes(&seat.lot).u32(seat.since).u32(seat.from);
                writer.u8(seat.score).u8(flags);
            }
        }
        writer.finish()
    }
}

pub(crate) fn emit(certificate: &Certificate, list: Option<&[u8]>, header: &Header) -> Vec<u8> {
    let mut writer = Writer::default();
    let statement = &certificate.statement;
    writer.u8(list.is_some().into()).u8(statement.says as u8).u32(statement.view).u32(statement.height);
    writer.u32(statement.round).bytes(&statement.subject).u64(certificate.signers);
    for signature in &certificate.signatures {
        writer.bytes(&signature.0);
    }
    writer.bytes(list.unwrap_or(&[])).bytes(&header.emit());
    writer.finish()
}

/// Offers it and verifies all there is.
pub(crate) fn take(follower: &mut Follower, bytes: &[u8]) -> Result<Taken, Doubt> {
    follower.offer(bytes).map_err(|(doubt, _)| doubt)?;
    let mut taken = Taken::Not;
    while let Some(claim) = follower.claim() {
        assert_eq!(taken, Taken::Not, "nothing is taken before all of it holds");
        taken = follower.checked(holds(&claim))?;
    }
    Ok(taken)
}
