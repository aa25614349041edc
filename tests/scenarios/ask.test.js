// Goal: who asks a tab something hears what its application answers, or why nobody does; each question ends once.
// Method: two tabs in a real network of two.

import assert from 'node:assert/strict';

import { scenario } from '../harness/network.js';
import { until } from '../harness/wait.js';

/** How a question ends. */
const ask = (tab, to, data, options = {}) =>
  tab.page.evaluate(
    async ([to, data, { abortAfter, ...options }]) => {
      const signal = abortAfter === undefined ? undefined : AbortSignal.timeout(abortAfter);
      const bytes = typeof data === 'number' ? new Uint8Array(data).fill(7) : data;
      try {
        const answer = await lab.mesh().ask(to, bytes, { ...options, signal });
        return { text: answer.text.slice(0, 40), length: answer.bytes.length, proven: answer.proven };
      } catch ({ name, code, operation }) {
        return { name, code, operation };
      }
    },
    [to, data, options],
  );

/** Has a tab answer; what is asked says how. */
const answer = (tab) =>
  tab.page.evaluate(() => {
    globalThis.asked = [];
    const ways = {
      throw: () => {
        throw new Error('a secret');
      },
      never: () => new Promise(() => undefined),
      echo: (question) => question.bytes,
      long: () => new Uint8Array(32_769),
    };
    globalThis.endAnswers = lab.mesh().answer((question) => {
      asked.push({ from: question.from, proven: question.proven, within: question.within });
      const way = question.text.length > 1000 ? 'echo' : question.text;
      return ways[way]?.(question) ?? `you asked ${question.text}`;
    });
  });

async function pair(net) {
  await net.startSignalling();
  const [ann, ben] = await Promise.all([net.joinedTab({ name: 'ann' }), net.joinedTab({ name: 'ben' })]);
  await ann.linkedTo(ben.id);
  await ben.linkedTo(ann.id);
  return [ann, ben];
}

scenario('a question ends as the application answers it, or with the reason why not', 120_000, async (net) => {
  const [ann, ben] = await pair(net);
  assert.deepEqual(await ask(ann, ben.id, 'anybody?'), { name: 'NotImplemented', code: 301, operation: 'ask' });

  await answer(ben);
  assert.deepEqual(await ask(ann, ben.id, 'how?'), { text: 'you asked how?', length: 14, proven: true });
  assert.deepEqual(await ask(ann, ben.id, '', { within: 4000 }), { text: 'you asked ', length: 10, proven: true });
  const asked = await ben.page.evaluate(() => asked);
  assert.deepEqual(asked.map(({ from, proven }) => [from, proven]), [[ann.id, true], [ann.id, true]]);
  assert.ok(asked[0].within > 25_000 && asked[0].within <= 30_000 && asked[1].within <= 4000, JSON.stringify(asked));

  const again = await ben.page.evaluate(() => {
    try {
      lab.mesh().answer(() => '');
    } catch ({ name, code }) {
      return `${name} ${code}`;
    }
  });
  assert.equal(again, 'Answering 1008');

  const failed = { name: 'InternalError', code: 300, operation: 'ask' };
  assert.deepEqual(await ask(ann, ben.id, 'throw'), failed);
  assert.deepEqual(await ask(ann, ben.id, 'long'), failed);
  assert.deepEqual(await ask(ann, ben.id, 'never', { within: 500 }), { name: 'TimedOut', code: 304, operation: 'ask' });
  assert.equal((await ask(ann, ben.id, 'never', { abortAfter: 300 })).name, 'TimeoutError');

  const most = await ask(ann, ben.id, 32_768);
  assert.deepEqual([most.length, most.proven], [32_768, true]);
  assert.equal((await ask(ann, ben.id, 32_769)).name, 'TooLong');
  assert.equal((await ask(ann, 'ab'.repeat(32), 'anybody?')).code < 400, true);

  // A node may ask itself, and a message is still a message.
  assert.equal((await ask(ben, ben.id, 'me')).text, 'you asked me');
  await ann.call('send', ben.id, [1, 2]);
  assert.deepEqual(await ben.call('heard'), [{ from: ann.id, bytes: [1, 2] }]);

  await ben.page.evaluate(() => endAnswers());
  assert.equal((await ask(ann, ben.id, 'how?')).name, 'NotImplemented');
});

scenario('two hundred questions at once are all answered, each with its own answer', 120_000, async (net) => {
  const [ann, ben] = await pair(net);
  await answer(ben);
  const answers = await ann.page.evaluate(async (to) => {
    const all = Array.from({ length: 200 }, (_, number) => lab.mesh().ask(to, `${number}`));
    return (await Promise.all(all)).map(({ text }) => text);
  }, ben.id);
  assert.deepEqual(answers, Array.from({ length: 200 }, (_, number) => `you asked ${number}`));
});

scenario('a question to a tab that is closed in the middle ends', 120_000, async (net) => {
  const [ann, ben] = await pair(net);
  await answer(ben);
  const ended = ask(ann, ben.id, 'never', { within: 120_000 });
  await until(10_000, 'the question', () => ben.page.evaluate(() => asked.length > 0));
  await ben.close();
  const { name } = await ended;
  assert.ok(['TimedOut', 'Unavailable'].includes(name), name);
});
