//! The browsers that the tests drive: found on the machine, or installed by apt-get.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::step::step;

/// A browser, and how it is got.
pub(crate) struct Browser {
    name: &'static str,
    /// The environment variable that names one.
    variable: &'static str,
    /// What the program is called where there is one, the likeliest first.
    programs: &'static [&'static str],
    mac: &'static str,
    package: &'static str,
    takes: &'static str,
}

/// Runs most scenarios.
pub(crate) const CHROMIUM: Browser = Browser {
    name: "Chromium or Chrome",
    variable: "CHROMIUM",
    programs: &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    mac: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    package: "chromium",
    takes: "130 MB",
};

/// Another engine, to which tasks must be the same.
pub(crate) const FIREFOX: Browser = Browser {
    name: "Firefox",
    variable: "FIREFOX",
    programs: &["firefox-esr", "firefox"],
    mac: "/Applications/Firefox.app/Contents/MacOS/firefox",
    package: "firefox-esr",
    takes: "80 MB",
};

impl Browser {
    /// Its path: what the environment names, one that the system has, or one installed by apt-get.
    ///
    /// # Errors
    /// When there is none and none can be installed from here; the message says how.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let Self { name, variable, package, takes, .. } = self;
        if let Some(named) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
            let named = PathBuf::from(named);
            if !named.exists() {
                bail!("{variable} names {}, which does not exist", named.display());
            }
            return Ok(named);
        }
        if let Some(found) = self.find() {
            return Ok(found);
        }
        step(&format!("{name} is missing: installing {package} by apt-get ({takes})"), || self.install())?;
        self.find()
            .with_context(|| format!("apt-get installed no {name}; install it and name it in {variable}"))
    }

    fn find(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let dirs: Vec<_> = std::env::split_paths(&path).chain([PathBuf::from("/usr/bin")]).collect();
        let on_path = self.programs.iter().flat_map(|program| dirs.iter().map(move |dir| dir.join(program)));
        on_path.chain([PathBuf::from(self.mac)]).find(|candidate| candidate.is_file())
    }

    fn install(&self) -> Result<()> {
        let Self { name, variable, package, .. } = self;
        let way_out = format!(
            "install {name} (Debian: `sudo apt-get install {package}`) \
             or name one in the environment variable {variable}"
        );
        apt::install(package, &way_out)
    }
}
