import { measureSockets, socketMethod } from './links.js';

export const title = 'WebSockets between two native peers, sealed';

export const about = `
One process opens a WebSocket to another, both built for release; what is sent is sealed from end to end with AES-256-GCM. Bare: the
crate \`tokio-tungstenite\` at both ends, which seals nothing. Ours: the native peer.
${socketMethod.trim()}`;

export const measure = (net) => measureSockets(net, ['native', 'native'], [{ what: 'bulk', from: 0, to: 1 }]);
