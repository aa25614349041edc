//! Remembers what was built from what, by content, so that unchanged things are not built twice.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{step, workspace};

/// Folders that hold results, never sources.
const RESULTS: [&str; 6] = ["node_modules", "dist", "wasm", "results", "target", ".git"];

/// Builds with `work` unless `outputs` are already what it made from the same `inputs`.
///
/// `inputs` are files and folders under the root (folders of results in them do not count); `outputs` are files
/// and folders that must exist afterwards.
///
/// # Errors
/// When `work` fails, or leaves one of `outputs` out.
pub(crate) fn unless_fresh(
    name: &str,
    inputs: &[&str],
    outputs: &[&str],
    work: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let file = workspace::target().join("xtask").join(format!("{name}.stamp"));
    let stamp =
        || -> Result<String> { Ok(format!("{}\n{}", digest(inputs, true)?, digest(outputs, false)?)) };
    if fs::read_to_string(&file).is_ok_and(|known| stamp().is_ok_and(|now| now == known)) {
        step::note("nothing changed since the last time");
        return Ok(());
    }
    work()?;
    for output in outputs {
        fs::metadata(workspace::path(output))
            .with_context(|| format!("building {name} did not make {output}"))?;
    }
    write(&file, &stamp()?)
}

/// Writes `text` into `file`, making its folder.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", workspace::shown(dir)))?;
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", workspace::shown(file)))
}

/// SHA-256 over the names and contents of files and folders under the root; `sources` leaves results out.
pub(crate) fn digest(paths: &[&str], sources: bool) -> Result<String> {
    let mut files = Vec::new();
    for path in paths {
        collect(&workspace::path(path), sources, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", workspace::shown(&file)))?;
        hash.update(workspace::shown(&file));
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(path: &Path, sources: bool, files: &mut Vec<PathBuf>) -> Result<()> {
    let kind = fs::metadata(path).with_context(|| format!("there is no {}", workspace::shown(path)))?;
    if !kind.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_left_out = sources && RESULTS.iter().any(|name| entry.file_name() == *name);
        if !is_left_out && !entry.file_type()?.is_symlink() {
            collect(&entry.path(), sources, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn work_is_done_again_only_when_inputs_or_outputs_changed() -> Result<()> {
        let dir = std::env::temp_dir().join(format!("tabmesh-stamp-{}", std::process::id()));
        let (input, output) = (dir.join("in/source"), dir.join("out"));
        let name = format!("test-{}", std::process::id());
        write(&input, "one")?;
        let times = Cell::new(0);
        let build = || {
            let inputs = [dir.to_str().unwrap(), &format!("{}/in", dir.display())];
            unless_fresh(
                &format!("test-{}", std::process::id()),
                &inputs[1..],
                &[output.to_str().unwrap()],
                || {
                    times.set(times.get() + 1);
                    write(&output, &format!("built {}", fs::read_to_string(&input)?))
                },
            )
        };
        build()?;
        build()?;
        assert_eq!(times.get(), 1, "nothing changed");
        write(&input, "two")?;
        build()?;
        assert_eq!(times.get(), 2, "the source changed");
        write(&output, "spoiled")?;
        build()?;
        assert_eq!(times.get(), 3, "the result was changed by somebody else");
        write(&dir.join("in/node_modules/x"), "not ours")?;
        build()?;
        assert_eq!(times.get(), 3, "folders of results do not count as sources");
        fs::remove_file(workspace::target().join(format!("xtask/{name}.stamp")))?;
        fs::remove_dir_all(&dir)?;
        Ok(())
    }
}
