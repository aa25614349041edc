//! The programs that lay out networks of namespaces, in which scenarios put routers between peers.

use crate::apt;
use crate::run::run;
use crate::step::{note, step};

/// Each program with its package.
const PROGRAMS: [(&str, &str); 2] = [("ip", "iproute2"), ("iptables", "iptables")];

/// Installs what is missing, where there can be such networks: for root on Linux.
///
/// Fails never: a scenario that finds no programs says so itself, and where `CI=true` that is a failure.
pub(crate) fn ensure() {
    let missing: Vec<_> =
        PROGRAMS.iter().filter(|(program, _)| run(program).arg("-V").read().is_err()).collect();
    if missing.is_empty() || !cfg!(target_os = "linux") || !apt::is_root() {
        return;
    }
    let names: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    let packages = names.join(" ");
    let way_out = format!("install {packages}, or the scenarios with routers cannot be tried");
    if !apt::is_there() {
        note(&way_out);
        return;
    }
    let what = format!(
        "{packages} missing, for scenarios with routers: installing by apt-get (its lists first, half a minute)"
    );
    if let Err(error) = step(&what, || apt::install(&packages, &way_out)) {
        note(&format!("{error:#}"));
    }
}
