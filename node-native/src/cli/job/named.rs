//! What a job is called, and what it calls by name.

use bytes::Bytes;
use tabmesh_engine::content::cid::Cid;

use super::description::{AfterLine, Description, Inputs, cid_of as read_cid};
use super::error::JobError;
use super::fetches::get_at_last;
use super::given::Given;
use crate::cli::args::NodeArgs;
use crate::cli::error::CliError;
use crate::jobs::manifest::{Kind, Named, Pages, job_cid};

/// Bytes of the longest list.
const LIST_MAX: usize = 64 << 20;

/// The CID of a job. Reads all of its inputs.
pub(super) fn cid_of(description: &Description, modules: &[Bytes], inputs: &Inputs) -> Result<Cid, JobError> {
    let plan = description.plan();
    let after = description.after.iter().map(|after| match after {
        AfterLine::Then => Kind::Each,
        AfterLine::Reduce { arity } => Kind::Reduce(*arity as u16),
    });
    let kinds = std::iter::once(Kind::List).chain(after);
    let stages: Vec<_> = kinds.zip(modules).map(|(kind, module)| (kind, vec![plan.terms(module)])).collect();
    let mut pages = Pages::default();
    for number in 0..inputs.count() as u32 {
        match inputs.read(number)? {
            Given::Bytes(input) => pages.push(0, &Named::Raw(&tabmesh_engine::sha256(&input))),
            Given::Content(cid) => pages.push(0, &Named::of(&cid)),
        }
    }
    Ok(job_cid(plan.gas, &stages, pages))
}

/// The CIDs in a list of inputs, once the network has it.
pub(super) async fn list(cid: &Cid, node: &NodeArgs) -> Result<Vec<String>, CliError> {
    let missed = || note!("input missing: {cid}; it is looked for again");
    let text = get_at_last(&node.control_socket()?, cid, LIST_MAX, missed).await?;
    let no_list = || JobError::NoList(cid.to_string());
    let text = text.ok_or_else(no_list)?;
    let text = std::str::from_utf8(&text).map_err(|_| no_list())?;
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    let cids = lines.filter(|_| !text.is_empty()).map(|line| read_cid(line).map(|_| line.to_owned()));
    Ok(cids.collect::<Result<_, _>>()?)
}
