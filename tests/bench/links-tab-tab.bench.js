import { measureLinks, method } from './links.js';

export const title = 'Links between two tabs';

export const about = `
Fresh tabs of one Chromium, each in a profile of its own. Bare: an \`RTCPeerConnection\` with trickled candidates over a
WebSocket relay, one ordered channel. Ours: the npm package and its signalling server.
${method.trim()}`;

export const measure = (net) => measureLinks(net, ['tab', 'tab'], [
  { what: 'bulk', from: 0, to: 1 },
  { what: 'a stream', from: 0, to: 1, by: 'Stream' },
]);
