use alloc::vec::Vec;

use super::Node;
use crate::ground::testing;
use crate::io::Output;
use crate::io::kinds::output;

#[test]
fn an_output_that_cannot_be_read_shows_and_ends_nothing() {
    let mut node = Node::new(testing::config());
    node.ground.put(output::SEND, 0, 0, &[], Vec::new());
    node.ground.put_kind(output::JOINED, None);
    let mut outputs = Vec::new();
    while let Some(next) = Some(node.poll_output()).filter(|next| !matches!(next, Output::Timeout(_))) {
        outputs.push(next);
    }
    assert_eq!(outputs, [Output::Unreadable(output::SEND), Output::Event(crate::Event::Joined)]);
}
