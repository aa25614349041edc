//! What an engine's own calls take from the heap and give back: the world's own memory and other tests never mix in.

/// What one engine holds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heap {
    /// Bytes held now.
    pub(crate) live: isize,
    /// The most bytes held at rest, after the outputs of an input were drained.
    pub(crate) rest_max: isize,
    /// The most bytes held at any moment, the outputs that were being handed out among them.
    pub(crate) moment_max: isize,
}

/// Runs `call` and adds what it took from the heap, less what it gave back, to `heap`.
pub(crate) fn measure<T>(heap: &mut Heap, call: impl FnOnce() -> T) -> T {
    let before = tabmesh_heap::balance();
    tabmesh_heap::mark();
    let result = call();
    let most = heap.live + (tabmesh_heap::peak() - before) as isize;
    heap.moment_max = heap.moment_max.max(most);
    heap.live += (tabmesh_heap::balance() - before) as isize;
    result
}
