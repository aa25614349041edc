//! Modules made by hand, byte by byte: what no assembler would write.

/// The bytes of a module as it grows.
#[derive(Clone)]
pub struct Builder(Vec<u8>);

/// A number as a module writes it (LEB128).
#[must_use]
pub fn number(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 127 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Bytes with their length in front.
#[must_use]
pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len()), bytes.to_vec()].concat()
}

/// A list with its length in front.
#[must_use]
pub fn list<I: AsRef<[u8]>>(items: &[I]) -> Vec<u8> {
    let mut bytes = number(items.len());
    for item in items {
        bytes.extend_from_slice(item.as_ref());
    }
    bytes
}

/// The body of a function: its locals as they are written, its code without the last `end`.
#[must_use]
pub fn body(locals: &[u8], code: &[u8]) -> Vec<u8> {
    sized(&[locals, code, &[0x0b]].concat())
}

impl Default for Builder {
    fn default() -> Self {
        Self(b"\0asm\x01\0\0\0".to_vec())
    }
}

impl Builder {
    /// Adds a section.
    #[must_use]
    pub fn section(mut self, id: u8, bytes: &[u8]) -> Self {
        self.0.push(id);
        self.0.extend(sized(bytes));
        self
    }

    /// The module.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// A module of functions of one type, all exported as `f0`, `f1`, …, with a memory of one page that may have 16.
#[must_use]
pub fn functions(kind: &[u8], bodies: &[Vec<u8>]) -> Vec<u8> {
    let exports: Vec<_> = (0..bodies.len())
        .map(|index| [sized(format!("f{index}").as_bytes()), vec![0], number(index)].concat())
        .collect();
    Builder::default()
        .section(1, &list(&[kind]))
        .section(3, &list(&vec![[0_u8]; bodies.len()]))
        .section(5, &[1, 1, 1, 16])
        .section(7, &list(&exports))
        .section(10, &list(bodies))
        .done()
}
