//! The tasks of the vectors. What the engines make of them beyond the ends that are asked for is written down by
//! `write_vectors`.

use crate::case::Case;
use crate::{commands, missing, pures, references, refusals, steps};

/// All of them, in the order of the vectors.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = pures::cases();
    cases.extend(pures::initialised());
    cases.extend(pures::traps());
    cases.extend(pures::floats());
    cases.extend(pures::limits());
    cases.extend(commands::small());
    cases.extend(commands::reading());
    cases.extend(commands::writing());
    cases.extend(commands::ends());
    cases.extend(missing::cases());
    cases.extend(references::cases());
    cases.extend(references::stacks());
    cases.extend(refusals::cases());
    cases.extend(steps::courses());
    cases.extend(steps::answers());
    cases.extend(steps::bounds());
    cases.extend(steps::singles());
    cases
}
