//! Disputes about steps: whatever a liar changes, it alone is named, with few questions; and silence names nobody.

use tabmesh_port::sha256;
use tabmesh_tasks::Outcome;
use tabmesh_tasks::bisect::{Ask, Dispute, Next, Step, Trail, Verdict};
use tabmesh_world::dice::Dice;

/// What a step honestly comes to, of so many.
fn honest(number: u32, count: u32) -> Step {
    let hash = |what: u8| sha256(&[&[what][..], &number.to_be_bytes()].concat());
    Step {
        number,
        state: hash(1),
        gas: 100_000 * (u64::from(number) + 1),
        flag: if number + 1 == count { 1 } else { [0, 2][number as usize % 2] },
        position: number / 2 * 10,
        length: number * 3,
        output: hash(2),
    }
}

/// What a liar says of all steps.
type Says = dyn Fn(u32) -> Step;

/// An executor: how many steps, and what it says of them.
struct Executor {
    trail: Trail,
    count: u32,
    says: Box<Says>,
}

impl Executor {
    fn new(count: u32, says: impl Fn(u32) -> Step + 'static) -> Self {
        let mut trail = Trail::default();
        (0..count).for_each(|number| trail.push(&says(number)));
        Self { trail, count, says: Box::new(says) }
    }

    fn outcome(&self) -> Outcome {
        let Step { flag, gas, length, output, .. } = (self.says)(self.count - 1);
        let status = if flag == 1 { 0 } else { flag.wrapping_sub(128) };
        Outcome { status, gas, length, output, steps: self.trail.root() }
    }

    fn answer(&self, ask: Ask) -> Option<Vec<u8>> {
        self.trail.answer(ask, &mut |first, count| (first..first + count).map(|at| (self.says)(at)).collect())
    }
}

/// What came of it, and how many questions each side was asked, with that for a state.
fn settle(sides: [&Executor; 2], count: u32) -> (Verdict, u32) {
    let mut dispute = Dispute::new(sides.map(Executor::outcome));
    let mut asked = 0;
    loop {
        match dispute.next() {
            Next::Ask(question) => {
                asked += 1;
                for (at, side) in sides.iter().enumerate() {
                    dispute.answer(at, &side.answer(question).unwrap_or_default());
                }
            }
            Next::Run { number, before } => {
                asked += u32::from(before.is_some());
                assert_eq!(before, number.checked_sub(1).map(|before| honest(before, count)));
                dispute.ran(&honest(number, count));
            }
            Next::Over(verdict) => return (verdict, asked),
        }
    }
}

const COUNTS: [u32; 12] = [1, 2, 3, 4, 5, 63, 64, 65, 100, 1_000, 4_097, 20_001];

/// ⌈log₂ n⌉ + 2.
fn most(count: u32) -> u32 {
    count.next_power_of_two().trailing_zeros() + 2
}

/// The liar on either side: it alone is named, within the bound.
fn expect_named(count: u32, liar: &Executor, what: &str) {
    let right = Executor::new(count, move |number| honest(number, count));
    for at in 0..2 {
        let sides = if at == 0 { [liar, &right] } else { [&right, liar] };
        let (verdict, asked) = settle(sides, count);
        let liars = [at == 0, at == 1];
        assert_eq!(verdict, Verdict::Liars(liars), "{what} of {count} steps");
        assert!(asked <= most(count.max(liar.count)), "{what} of {count} steps: {asked} questions");
    }
}

/// A step of which one field says something else.
fn changed(step: Step, field: usize) -> Step {
    let mut step = step;
    match field {
        0 => step.state[7] ^= 1,
        1 => step.gas += 1,
        2 => step.flag = if step.goes_on() { step.flag ^ 2 } else { 1 },
        3 => step.position += 1,
        4 => step.length += 1,
        5 => step.output[31] ^= 1,
        _ => step.number ^= 1,
    }
    step
}

#[test]
fn i19_a_lie_in_any_field_alone_or_from_then_on_is_found() {
    let mut dice = Dice::new(1, 1);
    for count in COUNTS {
        for field in 0..7 {
            for where_ in [0, count - 1, dice.below(count.into()) as u32, dice.below(count.into()) as u32] {
                for goes_on in [false, true] {
                    let is_it = move |number| number == where_ || goes_on && number > where_;
                    let says = move |number| {
                        let step = honest(number, count);
                        if is_it(number) { changed(step, field) } else { step }
                    };
                    let liar = Executor::new(count, says);
                    let right = Executor::new(count, move |number| honest(number, count));
                    if liar.trail.root() != right.trail.root() {
                        expect_named(count, &liar, &format!("field {field} from {where_}, {goes_on}"));
                    } else {
                        assert_eq!(field, 2, "the last step's flag cannot be another end here");
                    }
                }
            }
        }
    }
}

#[test]
fn i15_a_lie_about_how_many_there_were_is_found() {
    for count in COUNTS {
        for more in [1, 2, 70] {
            // It goes on behind the end, and says so or not.
            let says = move |number| {
                if number < count { honest(number, count) } else { honest(number, count + more) }
            };
            expect_named(count, &Executor::new(count + more, says), "more behind the end");
            let says = move |number| honest(number, count + more);
            expect_named(count, &Executor::new(count + more, says), "more instead of the end");
        }
        if count > 1 {
            for less in [1, count / 2, count - 1] {
                let says = move |number| honest(number, count - less);
                expect_named(count, &Executor::new(count - less, says), "fewer");
                // Its last step says that it goes on: no task ends so.
                let says = move |number| honest(number, count);
                expect_named(count, &Executor::new(count - less, says), "cut off");
            }
        }
    }
}

#[test]
fn i15_an_outcome_that_does_not_follow_from_the_last_step_names_who_signed_it() {
    let count = 100;
    let right = Executor::new(count, move |number| honest(number, count));
    let outcome = right.outcome();
    let wrong = [
        Outcome { gas: 1, ..outcome },
        Outcome { length: 1, ..outcome },
        Outcome { output: [0; 32], ..outcome },
        Outcome { status: 1, ..outcome },
    ];
    for wrong in wrong {
        let mut dispute = Dispute::new([wrong, outcome]);
        let Next::Ask(question) = dispute.next() else { panic!("it asks") };
        (0..2).for_each(|side| dispute.answer(side, &right.answer(question).expect("an answer")));
        assert_eq!(dispute.next(), Next::Over(Verdict::Liars([true, false])));
    }
}

#[test]
fn two_that_lie_differently_are_both_named_and_two_that_agree_are_the_same() {
    let liar = |field: usize| {
        Executor::new(1_000, move |number| {
            let step = honest(number, 1_000);
            if number >= 500 { changed(step, field) } else { step }
        })
    };
    assert_eq!(settle([&liar(0), &liar(1)], 1_000).0, Verdict::Liars([true, true]));
    let right = || Executor::new(1_000, |number| honest(number, 1_000));
    assert_eq!(settle([&right(), &right()], 1_000), (Verdict::Same, 1));
    // A task that ends with a trap: 128 and the status of it.
    let traps = || {
        Executor::new(50, |number| Step {
            flag: if number == 49 { 130 } else { 0 },
            length: 0,
            ..honest(number, 50)
        })
    };
    assert_eq!(settle([&traps(), &traps()], 50).0, Verdict::Same);
}

#[test]
fn i19_silence_and_what_does_not_fit_name_nobody() {
    let count = 5_000;
    let right = Executor::new(count, move |number| honest(number, count));
    let liar = Executor::new(count, move |number| {
        let step = honest(number, count);
        if number == 3_333 { changed(step, 0) } else { step }
    });
    let mut dice = Dice::new(2, 1);
    for round in 0..400 {
        let mut dispute = Dispute::new([&liar, &right].map(Executor::outcome));
        let quiet_at = round % 3;
        for turn in 0.. {
            let Next::Ask(question) = dispute.next() else { break };
            let known = liar.answer(question).expect("an answer");
            let bytes = match round % 5 {
                _ if turn != quiet_at => known,
                0 => Vec::new(),
                1 => dice.vec(known.len()),
                2 => known[..dice.below(known.len() as u64) as usize].to_vec(),
                3 => {
                    let mut bytes = known;
                    let at = dice.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << dice.below(8);
                    bytes
                }
                _ => right.answer(question).expect("an answer"),
            };
            dispute.answer(0, &bytes);
            dispute.answer(0, &right.answer(question).expect("an answer"));
            dispute.answer(1, &right.answer(question).expect("an answer"));
            dispute.answer(7, b"nobody");
        }
        match dispute.next() {
            Next::Over(verdict) => assert_eq!(verdict, Verdict::Silent([true, false]), "round {round}"),
            // What both agree about one alone can say.
            Next::Run { number, .. } => {
                assert_eq!((number, quiet_at), (3_333, 2), "round {round}");
                dispute.ran(&honest(number, count));
                assert_eq!(dispute.next(), Next::Over(Verdict::Liars([true, false])));
            }
            Next::Ask(_) => panic!("it ends"),
        }
    }
    let mut dispute = Dispute::new([&liar, &right].map(Executor::outcome));
    (0..2).for_each(|side| dispute.silent(side));
    assert_eq!(dispute.next(), Next::Over(Verdict::Silent([true, true])));
}

#[test]
fn a_trail_keeps_few_hashes_and_answers_nonsense_with_nothing() {
    let count = 300_000;
    let executor = Executor::new(count, move |number| honest(number, count));
    assert!(executor.trail.kept() <= 4_096 + 32, "{}", executor.trail.kept());
    assert_eq!(executor.trail.count(), count);
    let liar = Executor::new(count, move |number| {
        let step = honest(number, count);
        if number >= 123_456 { changed(step, 5) } else { step }
    });
    expect_named(count, &liar, "much later");
    let mut dice = Dice::new(3, 1);
    for _ in 0..20_000 {
        let length = [10, dice.below(12) as usize][dice.below(2) as usize];
        let mut question = dice.vec(length);
        question.iter_mut().take(1).for_each(|kind| *kind %= 5);
        question.iter_mut().skip(1).take(1).for_each(|level| *level %= 40);
        // No answer is longer than 64 nodes, or a step with its path.
        let answer = Ask::read(&question).and_then(|ask| executor.answer(ask)).unwrap_or_default();
        assert!(answer.len() <= 4 + Step::BYTES + 1 + 32 * 32 + 64 * 32, "{question:?}");
    }
    assert_eq!(Trail::default().answer(Ask::Open, &mut |_, _| Vec::new()), None);
    // Who runs steps again and comes to fewer has no answer.
    assert_eq!(executor.trail.answer(Ask::Nodes { level: 3, number: 0 }, &mut |_, _| Vec::new()), None);
}

#[test]
fn claims_of_any_size_do_no_harm() {
    let right = Executor::new(3, |number| honest(number, 3));
    let known = right.answer(Ask::Open).expect("an answer");
    for count in [0, 1, 2, 4, 1 << 31, (1 << 31) + 1, u32::MAX] {
        let mut dispute = Dispute::new([Outcome { steps: [9; 32], ..right.outcome() }, right.outcome()]);
        let claim = [&count.to_be_bytes()[..], &known[4..]].concat();
        dispute.answer(0, &claim);
        dispute.answer(1, &known);
        assert_eq!(dispute.next(), Next::Over(Verdict::Silent([true, false])), "{count}");
    }
}
