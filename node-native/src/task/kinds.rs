//! The engines by name.

use super::compiler::Compiler;
use super::engine::{Engine, EngineError};

/// The engines that this program can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EngineKind {
    /// Cranelift's code.
    #[default]
    Wasmtime,
    /// An interpreter, for hosts on which no code may be made at run time; behind the cargo feature `interpreter`.
    Interpreter,
}

impl EngineKind {
    /// Makes the engine. It compiles within this process, where a compiler cannot be ended: for modules that are known.
    ///
    /// # Errors
    /// This program or this host has it not.
    pub fn build(self) -> Result<Box<dyn Engine>, EngineError> {
        self.build_with(Compiler::Here)
    }

    /// Makes the engine with a compiler.
    ///
    /// # Errors
    /// This program or this host has it not.
    pub fn build_with(self, compiler: Compiler) -> Result<Box<dyn Engine>, EngineError> {
        match self {
            Self::Wasmtime => Ok(Box::new(super::wasmtime::Wasmtime::new(compiler)?)),
            #[cfg(feature = "interpreter")]
            Self::Interpreter => Ok(Box::new(super::wasmi::Interpreter::new())),
            #[cfg(not(feature = "interpreter"))]
            Self::Interpreter => Err(EngineError::NotBuilt),
        }
    }
}
