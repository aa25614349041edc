//! Two honest nodes that are linked, and what carries between them.

use tabmesh_engine::LinkId;

use super::host::Host;

/// Carries what two ends say to each other over a WebSocket until both are silent; `wire` may change or swallow it.
pub(crate) fn carry(
    (a, at_a): (&mut Host, LinkId),
    (b, at_b): (&mut Host, LinkId),
    mut wire: impl FnMut(bool, Vec<u8>) -> Vec<Vec<u8>>,
) {
    loop {
        let (to_b, to_a) =
            (a.wire.remove(&at_a).unwrap_or_default(), b.wire.remove(&at_b).unwrap_or_default());
        if to_b.is_empty() && to_a.is_empty() {
            return;
        }
        to_b.into_iter().flat_map(|bytes| wire(true, bytes)).for_each(|bytes| b.hear_wire(at_b, &bytes));
        to_a.into_iter().flat_map(|bytes| wire(false, bytes)).for_each(|bytes| a.hear_wire(at_a, &bytes));
    }
}

/// `a` dials `b` over an honest wire.
pub(crate) fn pair(a: &mut Host, b: &mut Host) -> (LinkId, LinkId) {
    let (at_a, at_b) = (a.dial(), b.knock());
    carry((a, at_a), (b, at_b), |_, bytes| vec![bytes]);
    assert!(a.is_linked(&b.key.id()) && b.is_linked(&a.key.id()));
    (at_a, at_b)
}
