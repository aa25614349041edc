import { measureLinks, method } from './links.js';

export const title = 'Links between two native peers';

export const about = `
Fresh processes, built for release. Bare: the crate \`webrtc\` at both ends, in the version that the native peer uses and with
its defaults, trickled candidates over a WebSocket relay, one ordered channel. Ours: the native peer and the signalling server.
${method.trim()}`;

export const measure = (net) => measureLinks(net, ['native', 'native'], [{ what: 'bulk', from: 0, to: 1 }]);
