//! A task of the vectors, with the end that the interface asks for.

use std::time::Duration;

use tabmesh_native::task::{
    Executor, Flag, GAS_DEFAULT, Outcome, PAGES_DEFAULT, State, Status, StepOutcome, Task,
};

/// How much of a task is run at once.
#[derive(Clone)]
pub(crate) enum Form {
    Whole,
    /// By steps, with pieces of so many bytes.
    Pieces(u32),
    /// One step, from a state.
    Step(Vec<u8>),
}

/// A task and how it must end.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) module: Vec<u8>,
    pub(crate) input: Vec<u8>,
    pub(crate) gas: u64,
    pub(crate) pages: u32,
    /// In KiB; none for the usual one.
    pub(crate) stack: Option<u32>,
    pub(crate) seed: [u8; 32],
    pub(crate) time: u64,
    pub(crate) form: Form,
    /// The status and its code; any code of a refusal is good where this is 0.
    pub(crate) end: (Status, u32),
    /// What comes out, where it is known beforehand.
    pub(crate) output: Option<Vec<u8>>,
    /// What a single step leaves to the next.
    pub(crate) next: Option<Next>,
}

/// What a single step leaves to the next: its flag and its state.
pub(crate) type Next = (Flag, Vec<u8>);

/// What comes of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    /// After a single step that ended well.
    pub(crate) next: Option<Next>,
}

impl From<StepOutcome> for Ran {
    fn from(step: StepOutcome) -> Self {
        let (end, gas_used) = (step.end, step.gas_used);
        let mut outcome =
            Outcome { end, gas_used, output: Vec::new(), log: Vec::new(), steps: 0, clock_reads: 0 };
        let next = step.answer.map(|answer| {
            outcome.output = answer.emitted;
            (answer.flag, answer.state.bytes().to_vec())
        });
        Self { outcome, next }
    }
}

impl Case {
    /// A case that must end well.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self::of_bytes(name, wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    pub(crate) fn of_bytes(name: &str, module: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            module,
            input: Vec::new(),
            gas: GAS_DEFAULT,
            pages: PAGES_DEFAULT,
            stack: None,
            seed: std::array::from_fn(|byte| byte as u8),
            time: 0,
            form: Form::Whole,
            end: (Status::Ok, 0),
            output: None,
            next: None,
        }
    }

    pub(crate) fn input(mut self, input: &[u8]) -> Self {
        self.input = input.to_vec();
        self
    }

    pub(crate) fn gas(mut self, gas: u64) -> Self {
        self.gas = gas;
        self
    }

    pub(crate) fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    pub(crate) fn stack(mut self, kib: u32) -> Self {
        self.stack = Some(kib);
        self
    }

    pub(crate) fn time(mut self, time: u64) -> Self {
        self.time = time;
        self
    }

    pub(crate) fn ends(mut self, status: Status) -> Self {
        self.end = (status, 0);
        self
    }

    pub(crate) fn exits(mut self, code: u32) -> Self {
        self.end = (if code == 0 { Status::Ok } else { Status::Exit }, code);
        self
    }

    pub(crate) fn refused(mut self, code: u32) -> Self {
        self.end = (Status::Refused, code);
        self
    }

    pub(crate) fn gives(mut self, output: &[u8]) -> Self {
        self.output = Some(output.to_vec());
        self
    }

    pub(crate) fn pieces(mut self, bytes: u32) -> Self {
        self.form = Form::Pieces(bytes);
        self
    }

    pub(crate) fn at_state(mut self, state: &[u8]) -> Self {
        self.form = Form::Step(state.to_vec());
        self
    }

    pub(crate) fn leaves(mut self, flag: Flag, state: &[u8]) -> Self {
        self.next = Some((flag, state.to_vec()));
        self
    }

    pub(crate) fn run(&self, executor: &Executor, timeout: Option<Duration>) -> Ran {
        let whole = |task: Task| Ran { outcome: executor.run(&task, timeout), next: None };
        match &self.form {
            Form::Whole => whole(self.task()),
            Form::Pieces(bytes) => {
                whole(self.task().in_pieces(*bytes as usize).expect("the bounds are kept"))
            }
            Form::Step(state) => {
                let state = State::new(state.clone()).expect("the bounds are kept");
                executor.step(&self.task(), &state, timeout).into()
            }
        }
    }

    fn task(&self) -> Task {
        let task = Task::new(self.module.clone()).with_input(self.input.clone());
        let task = task.and_then(|task| task.with_gas(self.gas)).and_then(|task| task.with_pages(self.pages));
        let task = task.and_then(|task| match self.stack {
            Some(kib) => task.with_stack(kib),
            None => Ok(task),
        });
        task.expect("the bounds are kept").with_seed(self.seed).with_time(self.time)
    }
}
