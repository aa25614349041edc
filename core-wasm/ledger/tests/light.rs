//! Goal: a light node believes nothing but what its voters, and those for whom they vouch, have made final (S25). Method: signed chains
//! without messages, honest ones and forged ones.

mod signed;

use signed::{Chain, emit, take};
use tabmesh_ledger::limits::{TERM_HEIGHTS, opens_term, term_of};
use tabmesh_ledger::{Action, Belief, Doubt, Light, LightCommand, Taken};
use tabmesh_port::{Attachment, Done, Input, Instant, Module, NodeId, Port, Room, Status, Told};
use tabmesh_world::dice::Dice;

fn sits(chain: &Chain, person: u32) -> Option<u8> {
    chain.ledger.state().voters().find(&NodeId::of_key(&signed::key(person)))
}

/// The first heights of so many terms beyond the first.
fn terms(count: u32) -> impl Iterator<Item = u32> {
    (1..=count).map(|term| term * TERM_HEIGHTS + 1)
}

/// Each term a voter leaves and another one comes; the newest ones sign. The first voters are gone long before the end.
#[test]
fn s25_a_week_of_terms_is_followed() {
    let mut chain = Chain::new(10, 20);
    let mut follower = chain.follower();
    let (mut bytes, mut most) = (0, 0);
    for height in terms(84) {
        assert!(opens_term(height));
        let term = term_of(height);
        if term <= 20 {
            chain.act(10 + term, Action::Bond { credits: 100 });
            chain.act(10 + term, Action::Join { nonce: [0; 8] });
            chain.act(term, Action::Leave);
        }
        chain.run_to(height);
        let shown = chain.shown();
        (bytes, most) = (bytes + shown.len(), most.max(shown.len()));
        assert_eq!(take(&mut follower, &shown), Ok(Taken::Header), "term {term}");
        assert_eq!(follower.belief().hash, chain.head().hash());
    }
    assert!((1..=20).all(|person| sits(&chain, person).is_none()));
    assert!((21..=30).all(|person| sits(&chain, person).is_some()));
    println!("10 voters: {} verifications, {bytes} bytes, {most} at most a term", follower.verified());
    assert_eq!(follower.verified(), 84 * 7);
}

/// What a week costs where 64 vote: by one term, as all are alike.
#[test]
fn s25_what_a_week_costs_among_64() {
    let mut chain = Chain::new(64, 0);
    let mut follower = chain.follower();
    chain.run_to(TERM_HEIGHTS + 1);
    let shown = chain.shown();
    let before = tabmesh_heap::balance();
    tabmesh_heap::mark();
    follower.offer(&shown).expect("it may be");
    let peak = tabmesh_heap::peak() - before;
    let held = tabmesh_heap::balance() - before;
    while let Some(claim) = follower.claim() {
        follower.checked(signed::holds(&claim)).expect("it holds");
    }
    assert_eq!(follower.belief().hash, chain.head().hash());
    let rest = tabmesh_heap::balance() - before;
    let (verified, kept) = (follower.verified(), follower.belief().emit().len());
    println!("64 voters: {} verifications and {} bytes a week", verified * 84, shown.len() * 84);
    println!(
        "a belief has {kept} bytes; {held} more are held while one is verified, {peak} while it is read, {rest} stay"
    );
    assert_eq!(verified * 84, 3_612);
    assert!(shown.len() * 84 < 720_000);
    assert!(peak < 24_576 && held < 8_192 && rest <= 1_024);
}

#[test]
fn s25_two_ends_stop_it() {
    let mut chain = Chain::new(7, 2);
    chain.run_to(3);
    let (mut one, mut other) = (chain.clone(), chain.clone());
    one.step();
    other.epoch += 1;
    other.step();
    let mut follower = chain.follower();
    assert_eq!(take(&mut follower, &one.bare()), Ok(Taken::Header));
    assert_eq!(take(&mut follower, &one.bare()), Err(Doubt::Known));
    let Ok(Taken::Fork(fork)) = take(&mut follower, &other.bare()) else { panic!("it stops") };
    assert_eq!((fork.height, fork.one, fork.other), (4, one.head().hash(), other.head().hash()));
    one.step();
    assert_eq!(take(&mut follower, &one.bare()), Err(Doubt::Forked));
    assert_eq!(follower.fork(), Some(&fork));
    // The block behind it stands against what is believed, too.
    let mut follower = chain.follower();
    take(&mut follower, &one.bare()).expect("it is taken");
    other.step();
    other.step();
    assert_eq!(other.head().height, 6);
    assert!(matches!(take(&mut follower, &other.bare()), Ok(Taken::Fork(_))));
}

/// Those who were believed vouch for two lists of one view.
#[test]
fn s25_two_lists_of_a_view_stop_it() {
    let mut chain = Chain::new(7, 2);
    let mut other = chain.clone();
    other.act(8, Action::Bond { credits: 100 });
    other.act(8, Action::Join { nonce: [0; 8] });
    chain.run_to(TERM_HEIGHTS + 1);
    other.run_to(TERM_HEIGHTS + 1);
    let mut follower = chain.follower();
    assert_eq!(take(&mut follower, &chain.shown()), Ok(Taken::Header));
    assert!(matches!(take(&mut follower, &other.shown()), Ok(Taken::Fork(_))));
}

#[test]
fn s25_what_does_not_follow_is_refused() {
    let mut chain = Chain::new(7, 7);
    let mut strangers = Chain::new(7, 7);
    assert_eq!(take(&mut chain.follower(), &[]), Err(Doubt::Malformed));
    strangers.genesis.starts_ms += 1;
    strangers.ledger = tabmesh_ledger::Ledger::new(&strangers.genesis);
    strangers.step();
    assert_eq!(take(&mut chain.follower(), &strangers.shown()), Err(Doubt::OtherLedger));
    let mut believes = chain.follower();
    chain.run_to(TERM_HEIGHTS + 1);
    let old = chain.shown();
    take(&mut believes, &old).expect("it is taken");
    // Of another view without a list, or where the list is the next view's.
    assert_eq!(take(&mut chain.follower(), &chain.bare()), Err(Doubt::NoList));
    let (quorum, header, list) = (5, *chain.head(), chain.list());
    let few = emit(&chain.certificate(0..quorum - 1), Some(&list), &header);
    assert_eq!(take(&mut chain.follower(), &few), Err(Doubt::TooFew));
    let mut wrong = chain.certificate(0..quorum);
    wrong.signatures.swap(1, 2);
    assert_eq!(take(&mut chain.follower(), &emit(&wrong, Some(&list), &header)), Err(Doubt::Signature));
    let mut forged = list.clone();
    forged[2 + 82 * 3] ^= 1;
    let signed = chain.certificate(0..quorum);
    assert_eq!(take(&mut chain.follower(), &emit(&signed, Some(&forged), &header)), Err(Doubt::OtherList));
    let mut later = header;
    later.height += 1;
    assert_eq!(take(&mut chain.follower(), &emit(&signed, Some(&list), &later)), Err(Doubt::OtherSubject));
    let mut notarised = signed.clone();
    notarised.statement.says = tabmesh_ledger::Says::Notarise;
    assert_eq!(
        take(&mut chain.follower(), &emit(&notarised, Some(&list), &header)),
        Err(Doubt::OtherSubject)
    );
    // What was replayed, also of a term that is over.
    assert_eq!(take(&mut believes, &old), Err(Doubt::Known));
    chain.run_to(2 * TERM_HEIGHTS + 1);
    take(&mut believes, &chain.shown()).expect("it is taken");
    assert_eq!(take(&mut believes, &old), Err(Doubt::Old));
    // Further than the next term.
    assert_eq!(take(&mut chain.follower(), &chain.shown()), Err(Doubt::TooFar));
    // One under way.
    chain.step();
    let next = chain.bare();
    believes.offer(&next).expect("it may be");
    assert_eq!(believes.offer(&next), Err((Doubt::Busy, &[][..])));
}

/// All who were believed are gone: nobody of them signs for those who came. Who follows more often has seen them come.
#[test]
fn s25_a_list_for_which_nobody_vouches() {
    let mut chain = Chain::new(9, 9);
    let (mut seldom, mut often) = (chain.follower(), chain.follower());
    for person in 10..=18 {
        chain.act(person, Action::Bond { credits: 100 });
        chain.act(person, Action::Join { nonce: [0; 8] });
    }
    for view in 1..TERM_HEIGHTS / 6 {
        chain.run_to(view * 6);
        if (3..12).contains(&view) {
            chain.act(view - 2, Action::Leave);
        }
        chain.step();
        assert_eq!(take(&mut often, &chain.shown()), Ok(Taken::Header), "view {view}");
    }
    chain.run_to(TERM_HEIGHTS + 1);
    assert!((1..=9).all(|person| sits(&chain, person).is_none()));
    assert_eq!(take(&mut seldom, &chain.shown()), Err(Doubt::Strangers));
    assert_eq!(take(&mut often, &chain.shown()), Ok(Taken::Header));
}

/// Of seven who are believed two lie: with strangers they forge nothing. At equality, with three, they do; and whoever was shown the truth stops.
#[test]
fn s25_liars_forge_no_list_below_a_third() {
    let mut chain = Chain::new(7, 20);
    chain.run_to(TERM_HEIGHTS + 1);
    let strangers: Vec<u32> = (8..=27).collect();
    for liars in [0, 1, 2] {
        let forged = chain.forged(&[&strangers[..], &[1, 2, 3][..liars]].concat());
        assert_eq!(take(&mut chain.follower(), &forged), Err(Doubt::Strangers));
    }
    let forged = chain.forged(&[&strangers[..], &[1, 2, 3]].concat());
    assert_eq!(take(&mut chain.follower(), &forged), Ok(Taken::Header));
    let mut follower = chain.follower();
    assert_eq!(take(&mut follower, &chain.shown()), Ok(Taken::Header));
    assert!(matches!(take(&mut follower, &forged), Ok(Taken::Fork(_))));
}

#[test]
fn s25_no_bit_can_be_turned_over() {
    let mut chain = Chain::new(4, 0);
    chain.run_to(TERM_HEIGHTS + 1);
    let shown = chain.shown();
    let key = tabmesh_ledger::Key::account(&NodeId::of_key(&signed::key(1)));
    let proof = chain.ledger.state().prove(&key).emit();
    let mut codes = std::collections::BTreeSet::new();
    for bit in 0..shown.len() * 8 {
        let mut other = shown.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        match take(&mut chain.follower(), &other) {
            Err(doubt) => _ = codes.insert(doubt as u8),
            Ok(taken) => panic!("bit {bit}: {taken:?}"),
        }
    }
    assert!(codes.len() >= 5, "{codes:?}");
    // What is behind it is given back as it came, and belongs to the proof.
    let mut follower = chain.follower();
    let with = [&shown[..], &proof[..]].concat();
    assert_eq!(follower.offer(&with), Ok(&proof[..]));
    let belief = follower.belief().emit();
    assert_eq!(Belief::read(&belief).as_ref(), Some(follower.belief()));
    for length in 0..belief.len() {
        assert_eq!(Belief::read(&belief[..length]), None);
    }
}

/// Whatever a shell or another node says, it does not panic, takes nothing, and waits for no more than it may.
#[test]
fn nonsense_is_taken_for_nothing() {
    let chain = Chain::new(4, 2);
    for seed in 1..=40 {
        let (mut dice, mut times) = (Dice::new(seed, 5), Dice::new(seed, 6));
        let (network, port) = (chain.genesis.network, Port::LEDGER);
        let mut light = Light::new(Attachment { key: signed::key(5), network, port, seed: [0; 32] });
        let mut say = |light: &mut Light, input: Input<'_>| {
            light.handle(Instant(times.below(1 << 40)), input);
            while let Some(flat) = light.poll(Room::ALL) {
                tabmesh_port::Output::read(&flat).expect("an output");
            }
        };
        let clock = Told::Clock { wall_ms: chain.genesis.starts_ms + 100_000, is_doubtful: false };
        say(&mut light, Input::Command(&LightCommand::Begin(&chain.genesis.emit()).emit()));
        say(&mut light, Input::Command(&LightCommand::Start { insists: false, belief: &[] }.emit()));
        say(&mut light, Input::Told(clock));
        for at in 0..300 {
            let length = dice.below(500) as usize;
            let mut bytes = dice.vec(length);
            if let Some(first) = bytes.first_mut() {
                *first %= 9;
            }
            let (op, from) = (dice.below(40) as u32, NodeId(dice.bytes()));
            let status = Status::Ok;
            let input = match at % 5 {
                0 => Input::Command(&bytes),
                1 => Input::Told(Told::Said { from: &from, is_proven: true, bytes: &bytes }),
                2 => Input::Done(Done::Verified { job: op, holds: true }),
                3 => Input::Time,
                _ => Input::Told(Told::Answered {
                    op,
                    from: &from,
                    is_proven: false,
                    is_here: false,
                    status,
                    bytes: &bytes,
                }),
            };
            say(&mut light, input);
        }
        assert_eq!(light.belief(), Some(&Belief::new(&chain.genesis)));
    }
}
