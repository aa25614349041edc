//! The numbers of inputs and outputs in their [flat](super::Flat) form, and their names. All of it comes from the table (`io/table/`), as
//! does `pkg/src/kinds`.

/// Constants of one group of rows.
macro_rules! constants {
    (
        $(#[$attribute:meta])* $Group:ident
        $(
            $(#[$doc:meta])* $KIND:ident = $number:literal => $Variant:ident
            $( ( $type:ty = $place:ident $($at:literal)? ) )?
            $( { $( $(#[$note:meta])* $field:ident: $kind:ty = $where:ident $($from:literal)? ),* $(,)? } )?
        ),* $(,)?
    ) => { $(
        #[doc = concat!("`", stringify!($Group), "::", stringify!($Variant), "`.")]
        $( #[doc = concat!("`", stringify!($type), "` in `", stringify!($place), "`.")] )?
        $( $( #[doc = concat!("`", stringify!($field), "` in `", stringify!($where), $(" from ", $from,)? "`.")] )* )?
        pub const $KIND: u32 = $number;
        impl crate::io::kinds::Number<$number> for Rows {}
    )* };
}

/// A row has this number. Two rows of one number are two implementations of it, which the compiler refuses.
#[allow(dead_code, reason = "it is there for the compiler to refuse a second one")]
trait Number<const NUMBER: u32> {}

/// The name of a kind, where a group of rows has it.
macro_rules! named {
    (
        $wanted:ident,
        $(#[$attribute:meta])* $Group:ident
        $(
            $(#[$doc:meta])* $KIND:ident = $number:literal => $Variant:ident
            $( ( $($tuple:tt)* ) )? $( { $($fields:tt)* } )?
        ),* $(,)?
    ) => {
        match $wanted {
            $( $number => return Some(stringify!($KIND)), )*
            _ => {}
        }
    };
}

/// What goes in by [`Node::handle_flat`](crate::Node::handle_flat).
pub mod input {
    #[allow(dead_code, reason = "what has the numbers")]
    struct Rows;
    crate::io::table::inputs!(constants);

    /// What the table calls an input of this kind; `None` where there is none.
    pub fn name(kind: u32) -> Option<&'static str> {
        macro_rules! find {
            ($($rows:tt)*) => { named!(kind, $($rows)*) };
        }
        crate::io::table::inputs!(find);
        None
    }
}

/// What comes out by [`Node::poll_flat`](crate::Node::poll_flat).
pub mod output {
    #[allow(dead_code, reason = "what has the numbers")]
    struct Rows;
    crate::io::table::outputs!(constants);

    /// What the table calls an output of this kind; `None` where there is none.
    pub fn name(kind: u32) -> Option<&'static str> {
        macro_rules! find {
            ($($rows:tt)*) => { named!(kind, $($rows)*) };
        }
        crate::io::table::outputs!(find);
        None
    }
}
