//! What an engine must be able to do. It is given metered modules only, and counts nothing itself.

use std::sync::Arc;

use thiserror::Error;

pub use super::command::Command;
pub use super::stop::Stop;
pub use super::watchdog::Watchdog;

/// Bytes of a page of memory.
pub(super) const PAGE_BYTES: usize = 64 << 10;

/// Makes metered modules ready to run.
pub trait Engine: Send + Sync {
    /// Its name in the command line.
    fn name(&self) -> &'static str;

    /// Compiles a metered module, in time if it can be ended.
    ///
    /// # Errors
    /// It is invalid, it takes too much, or the engine failed.
    fn compile(&self, metered: &[u8], watchdog: &Watchdog) -> Result<Arc<dyn Compiled>, CompileError>;

    /// Makes every run look at its [`Watchdog`] soon. Runs whose time has not come go on.
    fn interrupt(&self);
}

/// A module that is ready to run, any number of times.
pub trait Compiled: Send + Sync {
    /// About how much memory it takes, in bytes.
    fn bytes(&self) -> usize;

    /// What is exported under a name.
    fn export(&self, name: &str) -> Option<Export>;

    /// The names of the imported functions, in the module's order.
    fn imports(&self) -> Vec<String>;

    /// The names of the exports, with those that the meter added.
    fn exports(&self) -> Vec<String>;

    /// Makes a fresh instance with as many pages of memory as this host gives at most. Nothing of the module runs.
    ///
    /// # Errors
    /// A segment does not fit ([`Stop::Trap`]), or the host has not got the memory.
    fn start(&self, command: Command, pages_max: u32) -> Result<Box<dyn Guest>, Stop>;
}

/// What the functions of a command reach of its instance.
pub trait Reach {
    /// The gas left, `~g`.
    fn gas(&mut self) -> i64;

    /// Sets the gas left.
    fn set_gas(&mut self, gas: i64);

    /// The memory as it is now, and the command's own state. The memory is empty if none is exported as `memory`.
    fn parts(&mut self) -> (&mut [u8], &mut Command);
}

/// An instance.
pub trait Guest {
    /// Calls an exported function whose parameters are all i32; its only result as unsigned bits, 0 if it has none.
    ///
    /// # Errors
    /// What ended the call early. A function that is not exported is the engine's failure.
    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<u64, Stop>;

    /// Its gas, its memory and its command.
    fn reach(&mut self) -> &mut dyn Reach;

    /// The stack left, `~s`.
    fn stack(&mut self) -> i32;

    /// Sets the stack left.
    fn set_stack(&mut self, bytes: i32);
}

/// The type of a number at the border of a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Of 32 bits.
    I32,
    /// Of 64 bits.
    I64,
    /// Anything else, which no interface has.
    Other,
}

/// What is exported under a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Export {
    /// A memory.
    Memory {
        /// Pages of 64 KiB at the start.
        pages: u64,
    },
    /// A function.
    Function {
        /// The types of its parameters.
        parameters: Vec<Kind>,
        /// The types of its results.
        results: Vec<Kind>,
    },
    /// A table or a global.
    Other,
}

/// Why there is no compiled module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompileError {
    /// It is no valid WebAssembly.
    Invalid,
    /// The watchdog barked.
    Late,
    /// It takes more time or memory than a compiler is given.
    TooMuch,
    /// The engine failed.
    Failed,
}

/// Why there is no engine.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EngineError {
    /// It is not part of this program.
    #[error(
        "this tabmesh was built without the interpreter; build it with `--features interpreter`, or use wasmtime"
    )]
    NotBuilt,
    /// It does not work on this host.
    #[error("wasmtime does not work on this host ({0}); use a tabmesh with the interpreter")]
    Host(String),
}

/// Calls a function of the module. Gas that is below zero afterwards ends the run: what came then could only be in vain.
pub(super) fn call(guest: &mut dyn Guest, name: &str, arguments: &[u32]) -> Result<u64, Stop> {
    let answer = guest.call(name, arguments)?;
    if guest.reach().gas() < 0 { Err(Stop::Gas) } else { Ok(answer) }
}
