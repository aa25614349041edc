import { measureLinks, method } from './links.js';

export const title = 'Links between a tab and a native peer';

export const about = `
A fresh tab dials a fresh process, built for release. Bare: an \`RTCPeerConnection\` in the tab and the crate \`webrtc\` in the
process, in the version that the native peer uses and with its defaults, trickled candidates over a WebSocket relay, one
ordered channel. Ours: the npm package, the native peer, the signalling server.
${method.trim()}`;

export const measure = (net) =>
  measureLinks(net, ['native', 'tab'], [
    { what: 'bulk, tab to native', from: 1, to: 0 },
    { what: 'bulk, native to tab', from: 0, to: 1 },
    { what: 'a stream, tab to native', from: 1, to: 0, by: 'Stream' },
    { what: 'a stream, native to tab', from: 0, to: 1, by: 'Stream' },
  ]);
