//! Engines behind one face.

mod guest;
pub mod recorded;
mod wasmi;
mod wasmtime;

pub use guest::{End, Guest, Unstarted, Value};

/// The engines that run within a test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// Cranelift's code.
    Wasmtime,
    /// The same without its optimisations, for which a spilled value is never in a register.
    WasmtimePlain,
    /// An interpreter.
    Wasmi,
    /// The same, whose answers are written down: [`recorded`].
    Recorded,
}

/// Those that are compared.
pub const ENGINES: [Engine; 3] = [Engine::Wasmtime, Engine::WasmtimePlain, Engine::Wasmi];

impl Engine {
    /// Compiles a module and makes an instance, without any imports.
    ///
    /// # Errors
    /// Why there is none.
    pub fn start(self, module: &[u8]) -> Result<Box<dyn Guest>, Unstarted> {
        match self {
            Self::Wasmtime => wasmtime::start(module, true),
            Self::WasmtimePlain => wasmtime::start(module, false),
            Self::Wasmi => wasmi::start(module),
            Self::Recorded => recorded::start(module),
        }
    }
}
