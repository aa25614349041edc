//! Trees have their fixed shape, inputs come before what awaits them, and what is doubted is done again with all that came of it.

use proptest::prelude::*;

use super::*;

fn graph(inputs: u32, after: &[After]) -> Graph {
    Graph::new(&Shape { inputs, after: after.to_vec() }).expect("a graph")
}

fn leaf(number: u32, turn: u8) -> [u8; 32] {
    let mut leaf = [turn; 32];
    leaf[..4].copy_from_slice(&number.to_be_bytes());
    leaf
}

/// Gives out all that can be, in order.
fn given(graph: &mut Graph) -> Vec<u32> {
    std::iter::from_fn(|| graph.give()).collect()
}

#[test]
fn a_reduction_is_a_tree_whose_levels_are_reduced_in_order() {
    let graph = graph(35, &[After::Reduce(16), After::Then]);
    assert_eq!((graph.len(), graph.last()), (35 + 3 + 1 + 1, 39..40));
    assert_eq!(graph.input(36), From::List(16..32));
    assert_eq!(graph.input(37), From::List(32..35));
    assert_eq!(graph.input(38), From::List(35..38));
    assert_eq!((graph.input(39), graph.input(7)), (From::One(38), From::Input(7)));
    assert_eq!([7, 36, 38, 39].map(|number| graph.module(number)), [0, 1, 1, 2]);
}

#[test]
fn what_is_one_already_is_not_reduced() {
    let graph = graph(1, &[After::Reduce(16)]);
    assert_eq!((graph.len(), graph.last()), (1, 0..1));
}

#[test]
fn what_is_none_is_told() {
    let shape = |inputs, after| Graph::new(&Shape { inputs, after: vec![after] }).err();
    assert_eq!(shape(0, After::Reduce(2)), Some(ShapeError::Nothing));
    assert_eq!(shape(0, After::Then), None);
    for arity in [0, 1, 1_025] {
        assert_eq!(shape(5, After::Reduce(arity)), Some(ShapeError::Arity(arity)));
    }
    assert_eq!(shape(INVOCATIONS_MAX, After::Then), Some(ShapeError::TooMany));
    assert_eq!(shape(u32::MAX, After::Reduce(2)), Some(ShapeError::TooMany));
}

#[test]
fn what_awaits_others_is_given_out_once_it_has_them() {
    let mut graph = graph(4, &[After::Reduce(2)]);
    assert_eq!(given(&mut graph), [0, 1, 2, 3]);
    assert!(graph.accept(1, leaf(1, 0), true));
    assert_eq!(graph.give(), None);
    graph.accept(0, leaf(0, 0), true);
    assert_eq!(given(&mut graph), [4]);
    [2, 3, 4].into_iter().for_each(|number| _ = graph.accept(number, leaf(number, 0), true));
    assert_eq!(given(&mut graph), [5]);
    graph.accept(5, leaf(5, 0), true);
    assert_eq!(given(&mut graph), [6]);
}

#[test]
fn whoever_awaits_what_is_not_ok_fails_with_its_number() {
    let mut graph = graph(4, &[After::Reduce(2), After::Then]);
    given(&mut graph);
    graph.accept(2, leaf(2, 0), false);
    assert_eq!(graph.next_failed(), Some((5, 2)));
    assert_eq!(graph.next_failed(), Some((6, 5)));
    assert_eq!(graph.next_failed(), Some((7, 6)));
    assert_eq!(graph.next_failed(), None);
    [0, 1, 3].into_iter().for_each(|number| _ = graph.accept(number, leaf(number, 0), true));
    assert!(!graph.is_over(), "the first pair is reduced all the same");
    assert_eq!(given(&mut graph), [4]);
    graph.fail(4);
    assert!(graph.is_over());
}

#[test]
fn what_is_doubted_is_done_again_with_all_that_came_of_it() {
    let mut one = graph(4, &[After::Reduce(2)]);
    given(&mut one);
    (0..4).for_each(|number| _ = one.accept(number, leaf(number, 0), true));
    assert_eq!(given(&mut one), [4, 5]);
    one.accept(4, leaf(4, 0), true);
    // The right half is given out, the left half is done.
    one.doubt(0);
    one.doubt(2);
    assert_eq!(given(&mut one), [0, 2]);
    assert!(!one.accept(5, leaf(5, 0), true), "its input is another by now");
    one.accept(2, leaf(2, 1), true);
    assert_eq!(given(&mut one), [5]);
    one.accept(0, leaf(0, 1), true);
    assert_eq!(given(&mut one), [4]);
    [4, 5].into_iter().for_each(|number| _ = one.accept(number, leaf(number, 1), true));
    assert_eq!(given(&mut one), [6]);
    one.accept(6, leaf(6, 1), true);
    assert!(one.is_over());
}

#[test]
fn what_failed_by_a_doubted_input_does_not_any_more() {
    let mut one = graph(2, &[After::Reduce(2)]);
    given(&mut one);
    one.accept(0, leaf(0, 0), false);
    one.accept(1, leaf(1, 0), true);
    one.doubt(0);
    assert_eq!(one.next_failed(), None);
    assert_eq!(given(&mut one), [0]);
    one.accept(0, leaf(0, 1), true);
    assert_eq!(given(&mut one), [2]);
}

proptest! {
    /// Whatever the order in which results come, and whatever is doubted meanwhile, the root is that of the last results.
    #[test]
    fn the_root_depends_on_results_alone(
        inputs in 1_u32..40,
        arity in 2_u32..5,
        order in proptest::collection::vec((any::<u16>(), any::<bool>()), 0..400),
    ) {
        let after = [After::Reduce(arity), After::Then];
        let (mut one, mut other) = (graph(inputs, &after), graph(inputs, &after));
        let mut out = Vec::new();
        for (pick, is_doubted) in order {
            out.extend(one.give());
            if is_doubted {
                one.doubt(u32::from(pick) % one.len());
            } else if !out.is_empty() {
                let number = out.swap_remove(usize::from(pick) % out.len());
                one.accept(number, leaf(number, 0), true);
            }
        }
        loop {
            out.extend(given(&mut one));
            let Some(number) = out.pop() else { break };
            one.accept(number, leaf(number, 0), true);
        }
        prop_assert!(one.is_over());
        while let Some(number) = other.give() {
            other.accept(number, leaf(number, 0), true);
        }
        prop_assert!(other.is_over());
        prop_assert_eq!(one.root(), other.root());
    }
}
