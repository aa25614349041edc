// Counts RTCPeerConnections. Browsers allow a page a fixed number of them (Chromium 500), and count one until it was closed
// and collected. One count serves the whole page, however many meshes it has.

import { CONNECTIONS_MAX } from './limits.js';

/** With so many closed and not collected the browser is asked to collect them, */
const NUDGE_AT = 64;

/** but not more often than this. */
const NUDGE_MS = 250;

/** Asked for with each of them in mind and dropped at once, never touched: half a millisecond, and no memory. */
const NUDGE_BYTES = 2 * 1024 * 1024;

let made = 0;
let collected = 0;
let open = 0;
let nudged = -Infinity;
const registry = new FinalizationRegistry<undefined>(() => {
  collected += 1;
});

/** Connections that are open, and those that the browser counts: the open ones and those not yet collected. */
export const connectionCount = (): { open: number; counted: number } => ({ open, counted: made - collected });

/** A new connection; `undefined` at the bound. */
export function makeConnection(configuration: RTCConfiguration): RTCPeerConnection | undefined {
  const waiting = made - collected - open;
  if (waiting >= NUDGE_AT) nudge(waiting);
  if (made - collected >= CONNECTIONS_MAX) return undefined;
  const connection = new RTCPeerConnection(configuration);
  made += 1;
  open += 1;
  registry.register(connection, undefined);
  return connection;
}

/** Closes a connection that {@link makeConnection} made and that is still open. */
export function freeConnection(connection: RTCPeerConnection): void {
  connection.close();
  open -= 1;
}

/**
 * A page that makes little garbage is not collected for minutes, and a closed connection weighs nothing to the collector: hundreds
 * pile up. A large buffer weighs something: the more of them wait, the larger it is.
 */
function nudge(waiting: number): void {
  const now = performance.now();
  if (now - nudged < NUDGE_MS) return;
  nudged = now;
  try {
    // Read, since minifiers leave out an object that nobody looks at.
    void new ArrayBuffer(waiting * NUDGE_BYTES).byteLength;
  } catch {
    // A machine without that much room collects garbage often enough.
  }
}
