//! The flat form: a byte that says which, then the fields in their order, numbers big-endian. A list is preceded by its length in
//! one byte; bytes come last and reach to the end.

use crate::codec::{Reader, Writer};
use crate::fault::Fault;
use crate::id::{NodeId, PublicKey, Signature};
use crate::number::Port;
use crate::status::{Reason, Status};

/// A field of a message.
pub(crate) trait Field<'a>: Sized {
    /// What stands next, as far as bytes say; the reader knows whether they were there.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;

    fn emit(&self, writer: &mut Writer);
}

macro_rules! fields {
    ($($type:ty: |$reader:ident| $read:expr, |$field:ident, $writer:ident| $emit:expr;)*) => { $(
        impl<'a> Field<'a> for $type {
            fn read($reader: &mut Reader<'a>) -> Result<Self, Fault> {
                $read
            }

            fn emit(&self, $writer: &mut Writer) {
                let $field = self;
                $emit;
            }
        }
    )* };
}

fields! {
    bool: |reader| match reader.u8() {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Fault::meaningless("flag")),
    }, |field, writer| writer.u8((*field).into());
    u32: |reader| Ok(reader.u32()), |field, writer| writer.u32(*field);
    u64: |reader| Ok(reader.u64()), |field, writer| writer.u64(*field);
    Port: |reader| Ok(Self(reader.u32())), |field, writer| writer.u32(field.0);
    Status: |reader| Self::from_code(reader.u16()).ok_or(Fault::meaningless("status")),
        |field, writer| writer.u16(*field as u16);
    Reason: |reader| Ok(Self::from_code(reader.u8())), |field, writer| writer.u8(*field as u8);
    &'a NodeId: |reader| Ok(reader.id()), |field, writer| writer.bytes(&field.0);
    &'a PublicKey: |reader| Ok(reader.key()), |field, writer| writer.bytes(&field.0);
    &'a Signature: |reader| Ok(reader.signature()), |field, writer| writer.bytes(&field.0);
    &'a [NodeId]: |reader| {
        let count = usize::from(reader.u8());
        Ok(NodeId::list(reader.bytes(count * 32)))
    }, |field, writer| writer.u8(field.len().min(255) as u8).bytes(NodeId::list_bytes(field.get(..255).unwrap_or(field)));
    &'a [u8]: |reader| Ok(reader.rest()), |field, writer| writer.bytes(field);
}

/// An enum whose variants have numbers, with its flat form.
macro_rules! table {
    (
        $(#[$head:meta])*
        pub enum $Table:ident {
            $( $(#[$doc:meta])* $Name:ident = $number:literal $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty, )* })?, )*
        }
    ) => {
        $(#[$head])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $Table<'a> {
            $( $(#[$doc])* $Name $({ $( $(#[$field_doc])* $field: $type, )* })?, )*
        }

        impl<'a> $Table<'a> {
            /// Reads the flat form.
            ///
            /// # Errors
            /// What is wrong with the bytes; they are refused as a whole.
            pub fn read(flat: &'a [u8]) -> Result<Self, $crate::Fault> {
                let mut reader = $crate::Reader::new(flat);
                let message = match reader.u8() {
                    $( $number => Self::$Name $({ $( $field: $crate::table::Field::read(&mut reader)?, )* })?, )*
                    kind => return reader.whole().and(Err($crate::Fault::unknown_kind(kind))),
                };
                reader.end()?;
                Ok(message)
            }

            /// The flat form.
            pub fn emit(&self) -> alloc::vec::Vec<u8> {
                let mut writer = $crate::Writer::default();
                match self {
                    $( Self::$Name $({ $( $field, )* })? => {
                        writer.u8($number);
                        $($( $crate::table::Field::emit($field, &mut writer); )*)?
                    } )*
                }
                writer.finish()
            }

            /// The number of its kind.
            pub const fn kind(&self) -> u8 {
                match self {
                    $( Self::$Name $({ $( $field: _, )* })? => $number, )*
                }
            }
        }
    };
}

pub(crate) use table;
