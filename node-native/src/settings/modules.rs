//! Modules that a node is told to attach.

use std::path::PathBuf;

use tabmesh_port::Port;
use tabmesh_seat::SEATS_MAX;

use super::error::SettingsError;

/// Bytes of a module's name.
const NAME_MAX: usize = 255;

/// A module, and by which name it is attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedModule {
    /// 1 to 255 bytes; its port is [`Port::named`] of it.
    pub name: String,
    /// Its `.wasm`.
    pub path: PathBuf,
}

impl NamedModule {
    /// Where it is attached.
    pub fn port(&self) -> Port {
        Port::named(&self.name)
    }
}

pub(super) fn named_modules(texts: Vec<String>) -> Result<Vec<NamedModule>, SettingsError> {
    let mut modules: Vec<NamedModule> = Vec::new();
    for text in texts {
        let problem = match text.split_once('=') {
            Some((name, path)) if (1..=NAME_MAX).contains(&name.len()) && !path.is_empty() => {
                let module = NamedModule { name: name.to_owned(), path: path.into() };
                if modules.len() >= SEATS_MAX {
                    "is one too many; give at most 16"
                } else if modules.iter().any(|other| other.port() == module.port()) {
                    "has the port of another module; give each a name of its own"
                } else {
                    modules.push(module);
                    continue;
                }
            }
            _ => "is no module; write NAME=PATH, the name of its port (1 to 255 bytes) and its .wasm",
        };
        return Err(SettingsError::Value { name: "module", value: text, problem: problem.into() });
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    //! A module has a name and a file, and its port to itself.

    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<NamedModule>, String> {
        named_modules(texts.iter().map(|text| (*text).to_owned()).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_module_is_a_name_and_a_file() {
        let modules = read(&["a counter v1=dir/a=b.wasm", "b=c"]).expect("modules");
        assert_eq!(
            (modules[0].name.as_str(), modules[0].path.to_str()),
            ("a counter v1", Some("dir/a=b.wasm"))
        );
        assert_eq!(modules[1].port(), Port::named("b"));
        let long = format!("{}=c", "x".repeat(256));
        for text in ["", "a", "=a", "a=", &long] {
            assert!(read(&[text]).expect_err(text).contains("write NAME=PATH"), "{text}");
        }
    }

    #[test]
    fn there_are_so_many_at_most_and_none_has_anothers_port() {
        assert!(read(&["a=b", "c=b", "a=d"]).expect_err("a port twice").contains("a name of its own"));
        let many: Vec<String> = (0..=SEATS_MAX).map(|number| format!("{number}=a")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(read(&many[1..]).expect("room").len(), SEATS_MAX);
        assert!(read(&many).expect_err("no room").contains("at most 16"));
    }
}
