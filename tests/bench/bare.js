// Runs in the page: two ends linked by nothing but the platform, the yardstick of the benches.
//
// WebRTC the usual textbook way: trickled candidates over a WebSocket relay, one ordered reliable channel. Or a WebSocket.

/** Bytes of one bulk message: on a channel what Chromium and webrtc-rs carry fastest, on a socket as much as ours. */
const BULK = 64 * 1024;
const SOCKET_BULK = 32 * 1024;

/** Stop filling the channel above this many queued bytes; go on below the half. */
const QUEUE_MAX = 1024 * 1024;

/** A data channel, or a WebSocket. */
let channel;

function openChannel(given) {
  channel = given;
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = QUEUE_MAX / 2;
  return new Promise((resolve) => {
    if (channel.readyState === 'open') resolve();
    else channel.addEventListener('open', resolve, { once: true });
  });
}

/** A WebSocket does not tell when it has room again: it is looked at. */
async function socketLow() {
  while (channel.bufferedAmount > QUEUE_MAX / 2) await new Promise((resolve) => setTimeout(resolve));
}

globalThis.bare = {
  /** Waits for an offer over the relay at `url`, and answers it. Resolves once it listens. */
  async listen(url) {
    const relay = new WebSocket(url);
    await new Promise((resolve) => relay.addEventListener('open', resolve, { once: true }));
    exchange(relay, new RTCPeerConnection(), (connection, opened) => {
      connection.addEventListener('datachannel', (event) => openChannel(event.channel).then(opened));
    });
  },

  /** Offers over the relay at `url`; milliseconds from the first signalling byte to the open channel. */
  async dial(url) {
    const relay = new WebSocket(url);
    await new Promise((resolve) => relay.addEventListener('open', resolve, { once: true }));
    const connection = new RTCPeerConnection();
    const opened = exchange(relay, connection, (_, resolve) => openChannel(connection.createDataChannel('bare')).then(resolve));
    await connection.setLocalDescription();
    const start = performance.now();
    relay.send(JSON.stringify({ description: connection.localDescription }));
    await opened;
    return performance.now() - start;
  },

  /** Opens a WebSocket to `url`. */
  async connect(url) {
    channel = new WebSocket(url);
    channel.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => {
      channel.onopen = resolve;
      channel.onerror = () => reject(new Error(`nothing answers at ${url}`));
    });
  },

  /** Sends every message back. */
  echo() {
    channel.onmessage = (event) => channel.send(event.data);
  },

  /** Milliseconds of `count` round trips of `size` bytes, one after another. */
  async roundTrips(count, size) {
    const times = [];
    for (let index = 0; index < count; index += 1) {
      const start = performance.now();
      const back = new Promise((resolve) => (channel.onmessage = resolve));
      channel.send(new Uint8Array(size));
      await back;
      times.push(performance.now() - start);
    }
    return times;
  },

  /** Fills the channel for `ms` milliseconds. */
  async flood(ms) {
    const isSocket = channel instanceof WebSocket;
    const message = new Uint8Array(isSocket ? SOCKET_BULK : BULK);
    const end = performance.now() + ms;
    while (performance.now() < end) {
      while (channel.bufferedAmount < QUEUE_MAX) channel.send(message);
      if (isSocket) await socketLow();
      else await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }));
    }
  },

  /** Bytes per second that arrive within `ms` milliseconds, after `warmUp` milliseconds. */
  receive(warmUp, ms) {
    return new Promise((resolve) => {
      let bytes = 0;
      let start = 0;
      // What comes late counts as slow: a message that does not come is not waited for.
      const end = () => {
        channel.onmessage = null;
        resolve(bytes / ((performance.now() - start - warmUp) / 1000));
      };
      channel.onmessage = (event) => {
        if (!start) setTimeout(end, warmUp + ms);
        start ||= performance.now();
        if (performance.now() - start >= warmUp) bytes += event.data.byteLength;
      };
    });
  },
};

/** Carries descriptions and candidates both ways; resolves when `begin` says that the channel is open. */
function exchange(relay, connection, begin) {
  connection.addEventListener('icecandidate', ({ candidate }) => candidate && relay.send(JSON.stringify({ candidate })));
  relay.addEventListener('message', async ({ data }) => {
    const { description, candidate } = JSON.parse(data);
    if (candidate) await connection.addIceCandidate(candidate);
    if (!description) return;
    await connection.setRemoteDescription(description);
    if (description.type !== 'offer') return;
    await connection.setLocalDescription();
    relay.send(JSON.stringify({ description: connection.localDescription }));
  });
  return new Promise((resolve) => begin(connection, resolve));
}
