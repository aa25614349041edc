// Bounds that the engine has too (`core-wasm/engine/src/limits.rs`; a test compares), and the page's own.

/** A block, in bytes. */
export const BLOCK_MAX = 16_384;

/** Nodes that a block is meant to live on. */
export const REPLICAS = 8;

/** What may be joined into one message of a link, in bytes. */
export const PACKET_MAX = 65_536;

/** An application message, in bytes. */
export const MESSAGE_MAX = 32_768;

/** How long an answer may be waited for, in milliseconds. */
export const WITHIN_MS_MAX = 120_000;

/** A message of a topic, in bytes. */
export const PUBLISH_MAX = 8_192;

/** Topics that a tab takes part in. */
export const TOPICS_MAX = 64;

/** The highest security level: a browser searches some minutes for a key of it. Native peers and signalling servers have the same bound. */
export const LEVEL_MAX = 16;

/** A peer's WebSocket address, in bytes. */
export const ADDRESS_MAX = 128;

/** WebSocket addresses that the engine dials. */
export const ADDRESSES_MAX = 64;

/** The engine is told how much waits on a link once that is so many bytes less than it takes for waiting. */
export const DRAINED_STEP = 8_192;

/**
 * `RTCPeerConnection`s of this page at most, those that were closed and not collected yet included. Chromium refuses the
 * 501st; a dial beyond this bound fails at once, with a fault.
 */
export const CONNECTIONS_MAX = 400;

/** A link that is not open after this is given up. */
export const DIAL_MS = 20_000;

/** Blocks of one `put` or `get` that are under way at once. */
export const WINDOW = 24;
