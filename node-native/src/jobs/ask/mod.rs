//! Jobs of this node, whose tasks others run.

mod asking;
mod events;
mod job;
mod news;
mod outputs;
mod own;
mod quiet;
mod stepping;
mod view;
mod work;

pub(super) use asking::Asking;
pub use job::{Plan, Wishes};
pub use news::{Accepted, Ending, Lateness, News};
pub use view::{INPUT_BYTES_A_JOB, JobError, JobView, MODULES_A_JOB, OPEN_A_JOB};
pub(super) use work::Work;
