// Runs in the page: the same measurements as bare.js, through the npm package.

import { join } from 'tabmesh';
import { streamsOf } from 'tabmesh/stream';

/** Messages on their way at once when a link is filled. */
const WINDOW = 16;

/** Bytes of one message: the largest that the package takes. */
const MESSAGE = 32 * 1024;

/** The first byte of a message that asks the signalling server to relay an envelope. */
const RELAY = 2;

let mesh;
let listener;
let firstEnvelope;

const send = WebSocket.prototype.send;
WebSocket.prototype.send = function timed(data) {
  if (new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0)[0] === RELAY) firstEnvelope ??= performance.now();
  return send.call(this, data);
};

async function start(options) {
  mesh = await join({ ...options, wait: false });
  mesh.on('message', (message) => listener?.(message));
}

/** The node that this one is to be linked to once the first link is up, which must be of the kind `kind`. */
async function linked(kind) {
  await new Promise((resolve) => {
    if (mesh.peers().length > 0) resolve();
    else mesh.on('peer', resolve);
  });
  const [{ link }] = mesh.peers();
  if (link !== kind) throw new Error(`the ends are linked by ${link}`);
}

/** The one node that this one is linked to. */
const other = () => mesh.peers()[0].id;

/** A stream to the other node, once that one listens. */
async function opened() {
  const streams = await streamsOf(mesh);
  for (;;) {
    try {
      return await streams.open(other(), 'bench');
    } catch ({ name, message }) {
      if (!['NotFound', 'NotImplemented'].includes(name)) throw new Error(message);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

globalThis.ours = {
  /** Begins to join the network `network` at the server `signalling`: its first node has nobody to link to yet. */
  listen: (signalling, network) => start({ signalling, network }),

  /** Joins; milliseconds from the first envelope to a link whose other end has proved its key. */
  async dial(signalling, network) {
    await start({ signalling, network });
    await linked('webrtc');
    return performance.now() - firstEnvelope;
  },

  /** Joins the network `network` through the native peer at `url`, over a WebSocket. */
  async connect(url, network) {
    await start({ signalling: [], peers: [url], network });
    await linked('websocket');
  },

  /** Sends every message back. */
  echo() {
    listener = ({ from, bytes }) => void mesh.send(from, bytes);
  },

  /** Milliseconds of `count` round trips of `size` bytes, one after another. */
  async roundTrips(count, size) {
    const to = other();
    const times = [];
    for (let index = 0; index < count; index += 1) {
      const begin = performance.now();
      const back = new Promise((resolve) => (listener = resolve));
      void mesh.send(to, new Uint8Array(size));
      await back;
      times.push(performance.now() - begin);
    }
    return times;
  },

  /** Sends for `ms` milliseconds, as fast as messages are taken. */
  async flood(ms) {
    const to = other();
    const message = new Uint8Array(MESSAGE);
    const end = performance.now() + ms;
    const lane = async () => {
      while (performance.now() < end) await mesh.send(to, message);
    };
    await Promise.all(Array.from({ length: WINDOW }, lane));
  },

  /** The same by a stream. */
  async floodStream(ms) {
    const stream = await opened();
    const writer = stream.writable.getWriter();
    const message = new Uint8Array(2 * MESSAGE);
    const end = performance.now() + ms;
    while (performance.now() < end) await writer.write(message);
    await writer.close();
    for await (const _ of stream.readable);
    await stream.closed;
  },

  /** The same by a stream. */
  async receiveStream(warmUp, ms) {
    const streams = await streamsOf(mesh);
    const stream = await new Promise((resolve) => {
      const listening = streams.listen('bench', (stream) => {
        listening.close();
        resolve(stream);
      });
    });
    await stream.writable.getWriter().close();
    const begun = performance.now();
    let bytes = 0;
    let speed = 0;
    for await (const { length } of stream.readable) {
      const taken = performance.now() - begun - warmUp;
      if (taken >= 0) bytes += length;
      if (taken <= ms) speed = bytes / (taken / 1000);
    }
    return speed;
  },

  /** Bytes per second that arrive within `ms` milliseconds, after `warmUp` milliseconds. */
  receive(warmUp, ms) {
    return new Promise((resolve) => {
      let bytes = 0;
      let start = 0;
      // What comes late counts as slow: a message that does not come is not waited for.
      const end = () => {
        listener = undefined;
        resolve(bytes / ((performance.now() - start - warmUp) / 1000));
      };
      listener = (message) => {
        if (!start) setTimeout(end, warmUp + ms);
        start ||= performance.now();
        if (performance.now() - start >= warmUp) bytes += message.bytes.length;
      };
    });
  },
};
