//! The numbers that templates of injected code name.

/// `SLOT + n` in a template stands for the number in slot n. No opcode and no constant of a template lies here.
pub(crate) const SLOT: u8 = 0xe0;

/// The slots of the writer's templates.
pub(crate) mod slot {
    /// Locals that a function is given as far as it needs them: see `Meter::declare_spares`.
    pub(crate) const SPARE: u8 = 0;
    pub(crate) const GAS_LOCAL: u8 = 1;
    /// The local that holds a float while it is looked at.
    pub(crate) const FLOAT: u8 = 4;
    /// The global that holds the gas.
    pub(crate) const GAS: u8 = 5;
    /// The global that holds the stack.
    pub(crate) const STACK: u8 = 6;
    /// The function that grows the memory.
    pub(crate) const GROW: u8 = 7;
    /// Where a function keeps its gas, behind the opcodes that read and write it.
    pub(crate) const PURSE: u8 = 8;
    pub(crate) const READ: u8 = 9;
    pub(crate) const WRITE: u8 = 10;
    /// A label.
    pub(crate) const LABEL: u8 = 11;
    /// From here on numbers are signed: a constant and the type of a block.
    pub(crate) const CONSTANT: u8 = 12;
    pub(crate) const KIND: u8 = 13;
}
