//! Files that are made anew, for what is written beside its place and moved there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes a file that was not there, with these permissions at most. One that is there, such as a crash leaves, is removed
/// before; a link is, not what it leads to.
pub(crate) fn create(path: &Path, mode: u32) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(test)]
mod tests {
    //! Whoever can lay a link into a folder cannot say where a file is written.

    use std::io::Write;

    use super::*;

    #[test]
    fn a_link_in_the_way_is_removed_and_not_followed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (precious, place) = (dir.path().join("precious"), dir.path().join("place"));
        std::fs::write(&precious, "precious").expect("written");
        std::os::unix::fs::symlink(&precious, &place).expect("linked");
        create(&place, 0o600).expect("made").write_all(b"new").expect("written");
        assert_eq!(std::fs::read(&precious).expect("there"), b"precious");
        assert_eq!(std::fs::read(&place).expect("there"), b"new");
        create(&place, 0o600).expect("what a crash left is no obstacle");
    }
}
