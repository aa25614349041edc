//! Counts in words.

/// So many of something.
pub(super) fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    //! One of something is no row of them.

    use super::*;

    #[test]
    fn one_of_something_is_no_row_of_them() {
        let counts = [0, 1, 2].map(|count| counted(count, "executor"));
        assert_eq!(counts, ["0 executors", "1 executor", "2 executors"]);
    }
}
