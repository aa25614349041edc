// Bounds of a port (`core-wasm/port/src/limits.rs` says what happens at each; a test compares), and the seat's own.

/** What a Tell carries, in bytes, and for how many it is. */
export const TELL_MAX = 1_024;
export const RECEIVERS_MAX = 64;

/** Questions of others that a module has not answered yet. */
export const TICKETS_MAX = 64;

/** The same of this node's own modules. */
export const HERE_MAX = 16;

/** Nodes that a module holds links to. */
export const HELD_MAX = 40;

/** Nodes that a view names. */
export const VIEW_MAX = 32;

/** Those on one list. */
export const LIST_MAX = 32;

/** Questions of a module whose ends it was not told yet: where there are so many there is no room for another. */
export const ASKS_MAX = 24;

/** Modules of a mesh. */
export const PORTS_MAX = 16;

/** Inputs and outputs of a module in one task of the page; it goes on in a later one. */
export const INPUTS_A_TASK = 64;
export const OUTPUTS_A_TASK = 1_024;

/** Inputs that wait; where there are more what is told is dropped, and what is asked is answered TooManyRequests. */
export const INPUTS_MAX = 256;
