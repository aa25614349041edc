//! What is known of a module before it runs: metered, compiled, compared with the interfaces.

use std::sync::Arc;

use tabmesh_meter::{Interface, START_EXPORT, Scratch, Settings};

use super::engine::{CompileError, Compiled, Engine, Export, Guest, Kind, Stop, Watchdog, call};
use super::outcome::{End, Failure, INVALID};

/// A module that can be run.
pub struct Prepared {
    /// As the engine made it ready.
    pub(super) module: Arc<dyn Compiled>,
    /// [`Interface::Command`] if it exports a function `_start`.
    pub interface: Interface,
    /// Whether it is pure and has a function `_initialize`, which is called before any other.
    pub(super) is_initialised: bool,
    /// Bytes of the metered module.
    pub metered_bytes: usize,
    /// The exports that are missing or have another type than the interface's: with any, it ends as `BAD_ABI`.
    pub unfit: Vec<&'static str>,
    /// The same for a task by steps. A command has none: it lacks `step`, whatever it exports.
    pub unfit_for_steps: Vec<&'static str>,
}

impl Prepared {
    /// What a fresh instance does before the calls of its interface.
    pub(super) fn begin(&self, guest: &mut dyn Guest) -> Result<(), Stop> {
        call(guest, START_EXPORT, &[])?;
        if self.is_initialised {
            call(guest, INITIALISE.0, &[])?;
        }
        Ok(())
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.module.bytes()
    }

    /// The names of the imported functions, in the module's order.
    #[must_use]
    pub fn imports(&self) -> Vec<String> {
        self.module.imports()
    }

    /// The names of the module's own exports.
    #[must_use]
    pub fn exports(&self) -> Vec<String> {
        self.module.exports().into_iter().filter(|name| !name.starts_with('~')).collect()
    }

    /// Pages of 64 KiB with which it starts, if its memory is exported.
    #[must_use]
    pub fn pages(&self) -> Option<u64> {
        match self.module.export("memory") {
            Some(Export::Memory { pages }) => Some(pages),
            _ => None,
        }
    }
}

/// Meters, compiles and compares a module, to run with as many pages.
///
/// # Errors
/// [`End::Refused`], [`End::Late`] or [`End::Abort`].
pub fn prepare(engine: &dyn Engine, module: &[u8], pages: u32, watchdog: &Watchdog) -> Result<Prepared, End> {
    let metered = meter(module, pages, Interface::Command)?;
    let compiled = engine.compile(&metered, watchdog).map_err(|error| match error {
        CompileError::Invalid => End::Refused(INVALID),
        CompileError::Late => End::Late,
        CompileError::TooMuch => End::Abort(Failure::Compiler),
        CompileError::Failed => End::Abort(Failure::Engine),
    })?;
    let metered_bytes = metered.len();
    let is_command = matches!(compiled.export("_start"), Some(Export::Function { .. }));
    let interface = if is_command { Interface::Command } else { Interface::Pure };
    if !is_command && !compiled.imports().is_empty() {
        meter(module, pages, Interface::Pure)?;
    }
    let (unfit, unfit_for_steps) = match interface {
        Interface::Pure => (unfit(&*compiled, &[ALLOC, RUN]), unfit(&*compiled, &[ALLOC, STEP])),
        Interface::Command => (unfit(&*compiled, &[START]), vec![STEP.0]),
    };
    let is_initialised = interface == Interface::Pure
        && matches!(compiled.export(INITIALISE.0), Some(Export::Function { .. }));
    Ok(Prepared { module: compiled, interface, is_initialised, metered_bytes, unfit, unfit_for_steps })
}

fn meter(module: &[u8], pages_max: u32, interface: Interface) -> Result<Vec<u8>, End> {
    let mut scratch = Box::new(Scratch::new());
    let mut output = vec![0; tabmesh_meter::output_bytes_max(module.len())];
    let settings = Settings { pages_max, interface };
    let length = tabmesh_meter::instrument(module, settings, &mut scratch, &mut output);
    let length = length.map_err(End::Refused)?;
    output.truncate(length);
    output.shrink_to_fit();
    Ok(output)
}

/// A function of an interface: its name, its parameters and its results.
type Function = (&'static str, &'static [Kind], &'static [Kind]);

const START: Function = ("_start", &[], &[]);
const INITIALISE: Function = ("_initialize", &[], &[]);
const ALLOC: Function = ("alloc", &[Kind::I32], &[Kind::I32]);
const RUN: Function = ("run", &[Kind::I32; 2], &[Kind::I64]);
const STEP: Function = ("step", &[Kind::I32; 4], &[Kind::I64]);

/// What the module has not got, or not with the right type, of a memory and these functions.
fn unfit(module: &dyn Compiled, functions: &[Function]) -> Vec<&'static str> {
    let mut unfit = Vec::new();
    if !matches!(module.export("memory"), Some(Export::Memory { .. })) {
        unfit.push("memory");
    }
    // It may be missing, or be something else than a function.
    let wants_initialiser =
        functions[0] != START && matches!(module.export(INITIALISE.0), Some(Export::Function { .. }));
    for (name, its_parameters, its_results) in
        functions.iter().chain(wants_initialiser.then_some(&INITIALISE))
    {
        let is_fit = matches!(
            module.export(name),
            Some(Export::Function { parameters, results })
                if parameters == *its_parameters && results == *its_results
        );
        if !is_fit {
            unfit.push(name);
        }
    }
    unfit
}
