//! What a module has its shell do, and how that ends.

use crate::id::{PublicKey, Signature};
use crate::table::table;

table! {
    /// Module → shell. A job ends once, by [`Done`] with its number.
    pub enum Work {
        /// Sign with the node's key what [`Attachment::covered`](crate::Attachment::covered) makes of the bytes.
        Sign = 64 {
            /// The module's own number for it.
            job: u32,
            /// What is signed, behind what names network and port.
            bytes: &'a [u8],
        },
        /// Check a signature.
        Verify = 65 {
            /// The module's own number for it.
            job: u32,
            /// Whose signature it should be.
            key: &'a PublicKey,
            /// The signature.
            signature: &'a Signature,
            /// What it should cover, all of it.
            bytes: &'a [u8],
        },
    }
}

table! {
    /// Shell → module.
    pub enum Done {
        /// [`Work::Sign`] ended.
        Signed = 64 {
            /// Its number.
            job: u32,
            /// The signature.
            signature: &'a Signature,
        },
        /// [`Work::Verify`] ended.
        Verified = 65 {
            /// Its number.
            job: u32,
            /// The signature is the key's, over these bytes.
            holds: bool,
        },
        /// The shell could not do it.
        Failed = 66 {
            /// Its number.
            job: u32,
        },
    }
}
