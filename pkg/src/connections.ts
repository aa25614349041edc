// Counts RTCPeerConnections. Browsers allow a page a fixed number of them (Chromium 500), and count one until it was closed
// and collected. One count serves the whole page, however many meshes it has.

import { CONNECTIONS_MAX } from './limits.js';

let made = 0;
let collected = 0;
let open = 0;
const registry = new FinalizationRegistry<undefined>(() => {
  collected += 1;
});

/** Connections that are open, and those that the browser counts: the open ones and those not yet collected. */
export const connectionCount = (): { open: number; counted: number } => ({ open, counted: made - collected });

/** A new connection; `undefined` at the bound. */
export function makeConnection(configuration: RTCConfiguration): RTCPeerConnection | undefined {
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
