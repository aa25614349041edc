//! What is wrong with bytes that are no message.
//!
//! Whoever sent them misbehaved, so nothing was taken in and nothing of the reader's state changed. A native program learns what it
//! was; in Wasm, where nobody would read it, a fault takes no bytes.

#[cfg(not(target_arch = "wasm32"))]
pub use said::Fault;
#[cfg(target_arch = "wasm32")]
pub use unsaid::Fault;

#[cfg(not(target_arch = "wasm32"))]
mod said {
    use core::fmt;

    /// Why bytes are no message.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[non_exhaustive]
    pub enum Fault {
        /// A field takes more bytes than are left.
        Truncated {
            /// What it takes.
            needed: usize,
            /// What is left.
            got: usize,
        },
        /// Something stands behind the last field.
        Trailing {
            /// So many bytes.
            bytes: usize,
        },
        /// No message has this number.
        UnknownKind {
            /// The number.
            kind: u8,
        },
        /// The sender speaks another version.
        OtherVersion {
            /// Which.
            theirs: u8,
        },
        /// A field is longer, or a number larger, than it may be.
        BeyondBound {
            /// The bound.
            most: usize,
            /// What it is.
            got: usize,
        },
        /// A list does not consist of whole items.
        Uneven {
            /// An item, in bytes.
            item: usize,
            /// The list, in bytes.
            got: usize,
        },
        /// A field has a value that means nothing.
        Meaningless {
            /// The field.
            field: &'static str,
        },
    }

    impl Fault {
        /// A field takes `needed` bytes, and `got` are left.
        pub const fn truncated(needed: usize, got: usize) -> Self {
            Self::Truncated { needed, got }
        }

        /// So many bytes stand behind the last field.
        pub const fn trailing(bytes: usize) -> Self {
            Self::Trailing { bytes }
        }

        /// No message has this number.
        pub const fn unknown_kind(kind: u8) -> Self {
            Self::UnknownKind { kind }
        }

        /// The sender speaks this version.
        pub const fn other_version(theirs: u8) -> Self {
            Self::OtherVersion { theirs }
        }

        /// `got` where at most `most` is allowed.
        pub const fn beyond(most: usize, got: usize) -> Self {
            Self::BeyondBound { most, got }
        }

        /// `got` bytes are no list of items of `item` bytes.
        pub const fn uneven(item: usize, got: usize) -> Self {
            Self::Uneven { item, got }
        }

        /// The value of this field means nothing.
        pub const fn meaningless(field: &'static str) -> Self {
            Self::Meaningless { field }
        }
    }

    impl fmt::Display for Fault {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Truncated { needed, got } => {
                    write!(f, "a field takes {needed} bytes, and {got} are left")
                }
                Self::Trailing { bytes } => write!(f, "{bytes} bytes stand behind the last field"),
                Self::UnknownKind { kind } => write!(f, "no message has the number {kind}"),
                Self::OtherVersion { theirs } => write!(f, "the sender speaks version {theirs}"),
                Self::BeyondBound { most, got } => write!(f, "{got} where at most {most} is allowed"),
                Self::Uneven { item, got } => write!(f, "{got} bytes are no list of items of {item} bytes"),
                Self::Meaningless { field } => write!(f, "the {field} means nothing"),
            }
        }
    }

    impl core::error::Error for Fault {}
}

#[cfg(target_arch = "wasm32")]
mod unsaid {
    /// Why bytes are no message: said in native programs only.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Fault;

    impl Fault {
        /// A field takes `needed` bytes, and `got` are left.
        pub const fn truncated(_: usize, _: usize) -> Self {
            Self
        }

        /// So many bytes stand behind the last field.
        pub const fn trailing(_: usize) -> Self {
            Self
        }

        /// No message has this number.
        pub const fn unknown_kind(_: u8) -> Self {
            Self
        }

        /// The sender speaks this version.
        pub const fn other_version(_: u8) -> Self {
            Self
        }

        /// `got` where at most `most` is allowed.
        pub const fn beyond(_: usize, _: usize) -> Self {
            Self
        }

        /// `got` bytes are no list of items of `item` bytes.
        pub const fn uneven(_: usize, _: usize) -> Self {
            Self
        }

        /// The value of this field means nothing.
        pub const fn meaningless(_: &'static str) -> Self {
            Self
        }
    }
}
