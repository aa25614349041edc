//! How a module of a node is shown.

use super::lines::shown;
use crate::control::ModuleLine;

/// A module as one line: its port, how it is, and its name.
pub(super) fn line(module: &ModuleLine) -> String {
    let name = shown(Some(module.name.as_deref().unwrap_or("-")), None);
    match &module.failure {
        None => format!("{:08x}  runs    {name}", module.port),
        Some(failure) => format!("{:08x}  failed  {name}: {failure}", module.port),
    }
}

#[cfg(test)]
mod tests {
    //! A module is one line, whatever it is called.

    use super::*;

    #[test]
    fn a_module_is_one_line_whatever_its_name() {
        let module = |failure: Option<&str>| ModuleLine {
            name: Some("a\nb".to_owned()),
            port: 0xab,
            version: 1,
            failure: failure.map(str::to_owned),
        };
        assert_eq!(line(&module(None)), "000000ab  runs    a\\nb");
        assert_eq!(line(&module(Some("it did"))), "000000ab  failed  a\\nb: it did");
    }
}
