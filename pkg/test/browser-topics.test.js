// Goal: a real core takes part in topics within its bounds, and says what it refuses. (What others hear is tested in `tests/`.)

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { launch, open, serve } from './harness.js';

let server;
let browser;
let context;
let page;

before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await open(context, server.origin);
  await page.evaluate(async () => {
    const { join } = await import('/dist/index.js');
    globalThis.mesh = await join({ wait: false, signalling: [] });
    globalThis.failure = async (work) => {
      try {
        await work();
        return 'no failure';
      } catch ({ name, code }) {
        return `${name} ${code}`;
      }
    };
  });
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(page.faults, []);
});

test('a tab publishes what it is allowed to, and does not hear itself', async () => {
  const result = await page.evaluate(async () => {
    const topic = await mesh.topic('news');
    const heard = [];
    topic.on('message', ({ text }) => heard.push(text));
    // Many at once: each is signed, and none is refused for want of room.
    await Promise.all(Array.from({ length: 100 }, (_, number) => topic.publish(`message ${number}`)));
    await topic.publish(new Uint8Array(8192));
    await topic.publish('');
    const failures = [
      await failure(() => topic.publish(new Uint8Array(8193))),
      await failure(() => topic.publish(7)),
      await failure(() => topic.publish('x', { signal: AbortSignal.abort() })),
      await failure(() => mesh.topic('')),
    ];
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { heard, failures, memory: mesh.metrics().memory };
  });
  assert.deepEqual(result.heard, []);
  assert.deepEqual(result.failures, ['TooLong 1005', 'BadData 1004', 'AbortError 20', 'BadOption 1001']);
  assert.ok(result.memory <= 262_144, `${result.memory} bytes of Wasm memory`);
});

test('a topic beyond the bound is refused until one is left', async () => {
  const failures = await page.evaluate(async () => {
    const topics = [];
    // Tests before this one have left theirs.
    for (let number = 0; number < 64; number += 1) topics.push(await mesh.topic(`topic ${number}`));
    topics.push(await mesh.topic('topic 0'));
    const failures = [await failure(() => mesh.topic('e'))];
    topics[0].leave();
    failures.push(await failure(() => mesh.topic('e')));
    topics[64].leave();
    failures.push(await failure(() => mesh.topic('e')), await failure(() => topics[64].publish('x')));
    return failures;
  });
  assert.deepEqual(failures, ['TooManyRequests 205', 'TooManyRequests 205', 'no failure', 'Left 1007']);
});

test('closing the mesh ends its topics', async () => {
  const result = await page.evaluate(async () => {
    const topic = await mesh.topic('news');
    const loop = (async () => {
      for await (const { text } of topic) return text;
      return 'over';
    })();
    await mesh.close();
    return [await loop, await failure(() => topic.publish('x')), await failure(() => mesh.topic('news'))];
  });
  assert.deepEqual(result, ['over', 'Closed 1013', 'Closed 1013']);
});
