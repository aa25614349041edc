//! Whose a job at the shell is, and what it is for.

use alloc::vec::Vec;

use crate::io::JobId;

/// The machine that waits for a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    Linking,
    Requests,
    Blocks,
    Topics,
}

/// One job at the shell.
pub(super) struct Job {
    pub(super) job: JobId,
    pub(super) owner: Owner,
    pub(super) is_store: bool,
}

/// What a machine's jobs are for.
pub(crate) struct Jobs<T>(Vec<(JobId, T)>);

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Jobs<T> {
    /// Remembers what a job is for; false if it was not begun.
    pub(crate) fn add(&mut self, job: Option<JobId>, what: T) -> bool {
        if let Some(job) = job {
            self.0.push((job, what));
        }
        job.is_some()
    }

    /// What the job that ended was for.
    pub(crate) fn take(&mut self, job: JobId) -> Option<T> {
        let place = self.0.iter().position(|(known, _)| *known == job)?;
        Some(self.0.swap_remove(place).1)
    }

    /// How many of them `is` is true of.
    pub(crate) fn count(&self, is: impl Fn(&T) -> bool) -> usize {
        self.0.iter().filter(|(_, what)| is(what)).count()
    }
}
