//! The ledger of the small network: its voters are the first native peers, and it begins at the first start.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::parts::Programs;
use crate::run::run;
use crate::step::note;
use crate::workspace;

/// Voters: as many as a genesis needs at least.
pub(super) const VOTERS: u32 = 4;

/// Credits of the first peer, whose faucet gives [`GIFT`] of them, and of the others.
const RICH: u32 = 1_000_000;
const OTHERS: u32 = 1_000;

/// Credits for whoever asks the faucet.
pub(super) const GIFT: &str = "10";

/// The files of its genesis.
pub(super) struct Ledger {
    /// As people write it.
    pub(super) text: PathBuf,
    /// Its bytes, for pages.
    pub(super) bytes: PathBuf,
}

/// Makes the genesis, if it is not there yet, with the keys of the peers whose data is below `dir`.
pub(super) fn prepare(programs: &Programs, dir: &Path) -> Result<Ledger> {
    let ledger = Ledger { text: dir.join("genesis.toml"), bytes: dir.join("genesis.bin") };
    if !ledger.text.exists() {
        let mut new = run(&programs.native).words("ledger genesis new --test --epoch-ms 10000 --stake 1000");
        for number in 1..=VOTERS {
            let data = dir.join(format!("peer-{number}"));
            let key = run(&programs.native).words("ledger key --data-dir").arg(&data).read()?;
            let credits = if number == 1 { RICH } else { OTHERS };
            new = new.arg("--voter").arg(format!("{}={credits}", key.trim()));
        }
        // Written beside its place and moved there: a start that is broken off leaves none.
        let unfinished = dir.join("genesis.toml.new");
        remove(&unfinished)?;
        new.arg("--output").arg(&unfinished).wait()?;
        fs::rename(&unfinished, &ledger.text)?;
        note("a genesis with the keys of these peers; it stays until the directory is removed");
    }
    remove(&ledger.bytes)?;
    let pack = run(&programs.native).words("ledger genesis pack").arg(&ledger.text);
    pack.arg("--output").arg(&ledger.bytes).wait()?;
    Ok(ledger)
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", workspace::shown(file)))
        }
        _ => Ok(()),
    }
}

/// What to try.
pub(super) fn tell(programs: &Programs, dir: &Path) {
    let native = workspace::shown(&programs.native);
    let data = |number: u32| workspace::shown(&dir.join(format!("peer-{number}")));
    println!("   the ledger, 4 voters, a block in 10 s, from here:");
    println!("      {native} ledger top --data-dir {}", data(1));
    println!("      {native} ledger balance --data-dir {}", data(2));
    println!("      {native} ledger send $({native} id --data-dir {}) 2.5 --data-dir {}", data(3), data(2));
    println!("      {native} ledger faucet --data-dir {}", data(2));
}
