//! Why a module was refused, in words: what it was, where, how many, and what to do.

use tabmesh_meter::{Reason, Refusal, advice};

use super::outcome::INVALID;
use super::symbol::{Symbol, symbol_at};

/// A refusal in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Why {
    /// What is refused: a main clause or the name of a feature.
    pub feature: String,
    /// Of a limit that was counted: how many there are.
    pub found: Option<u32>,
    /// The import or the function.
    pub symbol: Option<String>,
    /// What to do; empty if nothing is known.
    pub way_out: &'static str,
}

/// Puts a refusal of `module` into words.
#[must_use]
pub fn why(refusal: &Refusal, module: &[u8]) -> Why {
    if *refusal == INVALID {
        let feature = "it is no valid WebAssembly, as the engine found".to_owned();
        return Why { feature, found: None, symbol: None, way_out: "build it anew" };
    }
    if refusal.code == Reason::Header as u16
        && let Some((feature, way_out)) = advice::instead_of_module(module)
    {
        return Why { feature: feature.to_owned(), found: None, symbol: None, way_out };
    }
    let symbol = symbol_at(module, refusal.offset);
    let way_out = match &symbol {
        Some(Symbol::Import { module, name, .. }) => advice::of_import(module, name),
        _ => refusal.way_out(),
    };
    Why {
        feature: refusal.feature().to_owned(),
        found: refusal.counts(),
        symbol: symbol.map(|symbol| symbol.to_string()),
        way_out,
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.feature)?;
        if let Some(found) = self.found {
            write!(f, ", {found} found")?;
        }
        if let Some(symbol) = &self.symbol {
            write!(f, ", in {symbol}")?;
        }
        if !self.way_out.is_empty() {
            write!(f, "; {}", self.way_out)?;
        }
        Ok(())
    }
}
