// Goal: streams between tabs carry bytes in order, both ways, as fast as they are read, and end once with the reason.
// Method: two or three tabs in a real network; whole texts, a reader that waits, and every way of not getting a stream.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';

const pair = async (net) => {
  await net.startSignalling();
  return Promise.all(['ann', 'ben'].map((name) => net.joinedTab({ name })));
};

/** Listens for `echo`, which says back what it hears, and for `still`, which reads nothing until it is told to. */
const listen = ({ page }) =>
  page.evaluate(async () => {
    const { streamsOf } = await import('tabmesh/stream');
    globalThis.streams = await streamsOf(lab.mesh());
    streams.listen('echo', (stream) => void stream.readable.pipeTo(stream.writable).catch(() => undefined));
    streams.listen('still', (stream) => (globalThis.still = stream));
  });

scenario('a text goes there and comes back whole, and both ends hear that it is over', 120_000, async (net) => {
  const [ann, ben] = await pair(net);
  await listen(ann);
  await listen(ben);
  const result = await ann.page.evaluate(async (peer) => {
    const digest = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join();
    const text = new Uint8Array(5_000_001);
    for (let at = 0; at < text.length; at += 65_536) crypto.getRandomValues(text.subarray(at, at + 65_536));
    const stream = await streams.open(peer, 'echo');
    const { name } = stream;
    const writing = (async () => {
      const writer = stream.writable.getWriter();
      // Pieces of all sizes, some larger than what may wait.
      for (let at = 0, size = 1; at < text.length; at += size, size = Math.min(size * 7, 1_000_000)) await writer.write(text.subarray(at, at + size));
      await writer.close();
    })();
    const back = new Uint8Array(await new Response(stream.readable).arrayBuffer());
    await writing;
    await stream.closed;
    return { name, isPeer: stream.peer === peer, length: back.length, isSame: (await digest(back)) === (await digest(text)) };
  }, ben.id);
  assert.deepEqual(result, { name: 'echo', isPeer: true, length: 5_000_001, isSame: true });
});

scenario('who reads nothing is sent a window, and the rest once it reads', 120_000, async (net) => {
  const [ann, ben] = await pair(net);
  await listen(ann);
  await listen(ben);
  const written = await ann.page.evaluate(async (peer) => {
    globalThis.mine = await streams.open(peer, 'still');
    const writer = mine.writable.getWriter();
    globalThis.done = (async () => {
      for (let piece = 0; piece < 40; piece += 1) {
        await writer.write(new Uint8Array(100_000).fill(piece));
        globalThis.pieces = piece + 1;
      }
      await writer.close();
    })();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return globalThis.pieces;
  }, ben.id);
  // A window there, and as much here.
  assert.ok(written >= 9 && written <= 11, `${written} pieces of 100 kB`);
  const [length, last] = await ben.page.evaluate(async () => {
    const writer = still.writable.getWriter();
    await writer.close();
    const bytes = new Uint8Array(await new Response(still.readable).arrayBuffer());
    await still.closed;
    return [bytes.length, bytes.at(-1)];
  });
  assert.deepEqual([length, last], [4_000_000, 39]);
  await ann.page.evaluate(async () => {
    await done;
    await new Response(mine.readable).arrayBuffer();
    await mine.closed;
  });
});

scenario('every way of not getting a stream has its words, and a stream that breaks ends at both ends', 180_000, async (net) => {
  const [ann, ben] = await pair(net);
  const cid = await net.joinedTab({ name: 'cid' });
  await listen(ann);
  await listen(ben);
  const failures = await ann.page.evaluate(async ({ ben, cid, own }) => {
    const failure = (work) => work.then(() => 'none', ({ name, code }) => `${name} ${code}`);
    return Promise.all([
      failure(streams.open(ben, 'nothing')),
      failure(streams.open(cid, 'echo')),
      failure(streams.open(own, 'echo')),
      failure(streams.open('7'.repeat(64), 'echo')),
      failure(streams.open('7', 'echo')),
      failure(streams.open(ben, '')),
      failure(streams.open(ben, 'echo', { signal: AbortSignal.abort() })),
    ]);
  }, { ben: ben.id, cid: cid.id, own: ann.id });
  assert.deepEqual(failures, [
    'NotFound 203',
    'NotImplemented 301',
    'BadOption 1001',
    'Unavailable 303',
    'BadId 1003',
    'BadOption 1001',
    'AbortError 20',
  ]);

  const ends = await ann.page.evaluate(async (peer) => {
    const failure = (work) => work.then(() => 'none', ({ name, code }) => `${name} ${code}`);
    const stream = await streams.open(peer, 'echo');
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    await writer.write('words');
    const first = new TextDecoder().decode((await reader.read()).value);
    globalThis.broken = { closed: failure(stream.closed), read: failure(reader.read()), first };
    return first;
  }, ben.id);
  assert.equal(ends, 'words');
  await ben.page.close();
  const broken = await ann.page.evaluate(async () => [await globalThis.broken.closed, await globalThis.broken.read]);
  assert.deepEqual(broken, ['Unavailable 303', 'Unavailable 303']);

  // Closing gives the port back, and streams may be had again.
  await ann.page.evaluate(async () => {
    streams.close();
    const { streamsOf } = await import('tabmesh/stream');
    globalThis.streams = await streamsOf(lab.mesh());
    streams.listen('echo', () => undefined).close();
  });
});
