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
        pub(crate) const fn truncated(needed: usize, got: usize) -> Self {
            Self::Truncated { needed, got }
        }

        pub(crate) const fn trailing(bytes: usize) -> Self {
            Self::Trailing { bytes }
        }

        pub(crate) const fn unknown_kind(kind: u8) -> Self {
            Self::UnknownKind { kind }
        }

        pub(crate) const fn other_version(theirs: u8) -> Self {
            Self::OtherVersion { theirs }
        }

        pub(crate) const fn beyond(most: usize, got: usize) -> Self {
            Self::BeyondBound { most, got }
        }

        pub(crate) const fn uneven(item: usize, got: usize) -> Self {
            Self::Uneven { item, got }
        }

        pub(crate) const fn meaningless(field: &'static str) -> Self {
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
        pub(crate) const fn truncated(_: usize, _: usize) -> Self {
            Self
        }

        pub(crate) const fn trailing(_: usize) -> Self {
            Self
        }

        pub(crate) const fn unknown_kind(_: u8) -> Self {
            Self
        }

        pub(crate) const fn other_version(_: u8) -> Self {
            Self
        }

        pub(crate) const fn beyond(_: usize, _: usize) -> Self {
            Self
        }

        pub(crate) const fn uneven(_: usize, _: usize) -> Self {
            Self
        }

        pub(crate) const fn meaningless(_: &'static str) -> Self {
            Self
        }
    }
}
