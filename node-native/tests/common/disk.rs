//! A small file system of its own; only root can mount one.

use std::path::PathBuf;
use std::process::Command;

use super::temporary;

/// A file system in memory, gone when dropped.
pub struct Disk {
    pub place: PathBuf,
    _dir: tempfile::TempDir,
}

impl Disk {
    pub fn mount(size: &str) -> Self {
        let dir = temporary();
        let place = dir.path().join("disk");
        std::fs::create_dir(&place).expect("made");
        let mounting = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"])
            .arg(&place)
            .status();
        assert!(mounting.expect("mount runs").success(), "root can mount");
        Self { place, _dir: dir }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.place).status();
    }
}
