import { measureSockets, socketMethod } from './links.js';

export const title = 'WebSockets between a tab and a native peer, sealed';

export const about = `
A tab opens a WebSocket to a process, built for release; what is sent is sealed from end to end with AES-256-GCM. Bare: a WebSocket
of the tab and the crate \`tokio-tungstenite\` in the process, which seal nothing. Ours: the npm package and the native peer.
${socketMethod.trim()}`;

export const measure = (net) =>
  measureSockets(net, ['native', 'tab'], [
    { what: 'bulk, tab to native', from: 1, to: 0 },
    { what: 'bulk, native to tab', from: 0, to: 1 },
  ]);
