// Goal: modules stand on their ports in tabs: those of one port reach each other, and one that fails takes nothing else along.
// Method: the counter of the examples, and a module that gives what it is told to, in two tabs in a real network of two.

import assert from 'node:assert/strict';

import { puppet } from '../../pkg/test/port-modules.js';
import { scenario } from '../harness/network.js';
import { counter } from '../harness/places.js';
import { until } from '../harness/wait.js';

const PUPPET = 4711;

/** Serves the modules to a tab. */
async function serve({ page }) {
  for (const [name, bytes] of Object.entries({ counter: counter(), puppet: puppet() })) {
    await page.route(`**/${name}.wasm`, (route) => route.fulfill({ contentType: 'application/wasm', body: Buffer.from(bytes) }));
  }
}

const count = ({ page }) =>
  page.evaluate(async () => {
    const { attach } = await import('tabmesh/module');
    globalThis.total = 0;
    globalThis.counter = await attach(lab.mesh(), {
      name: 'tabmesh counter v1',
      module: new URL('/counter.wasm', location.href),
      onEvent: (bytes) => (globalThis.total = Number(new DataView(bytes.buffer).getBigUint64(1))),
    });
  });

const add = ({ page }, amount) => page.evaluate((amount) => counter.command(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, amount)), amount);

const totals = (sum, ...tabs) =>
  until(20_000, `the sum of ${sum} everywhere`, async () => {
    const all = await Promise.all(tabs.map(({ page }) => page.evaluate(() => total)));
    return all.every((total) => total === sum);
  });

/** Attaches the puppet; what it was told comes into `told`, as lists of numbers. */
const play = ({ page }, port) =>
  page.evaluate(async (port) => {
    const { attach } = await import('tabmesh/module');
    globalThis.told = [];
    globalThis.faults = [];
    globalThis.puppet = await attach(lab.mesh(), {
      port,
      module: await (await fetch('/puppet.wasm')).arrayBuffer(),
      onEvent: (bytes) => told.push([...bytes]),
      onFault: ({ name }) => faults.push(name),
    });
  }, port);

const give = ({ page }, bytes) => page.evaluate((bytes) => globalThis.puppet.command(Uint8Array.from(bytes)), [...bytes]);

/** What a tab's puppet was told of this kind, once it was. */
const told = ({ page }, kind) =>
  until(20_000, `what is told of the kind ${kind}`, () => page.evaluate((kind) => globalThis.told.find((bytes) => bytes[0] === kind), kind));

const idOf = ({ id }) => Buffer.from(id, 'hex');

async function pair(net) {
  await net.startSignalling();
  const tabs = await Promise.all(['ann', 'ben'].map((name) => net.joinedTab({ name })));
  for (const tab of tabs) await serve(tab);
  return tabs;
}

scenario('two tabs count together, also when one was away', 180_000, async (net) => {
  const [ann, ben] = await pair(net);
  await count(ann);
  await add(ann, 5);
  await count(ben);
  await add(ben, 7);
  await totals(12, ann, ben);

  await ann.page.reload();
  await ann.page.waitForFunction(() => globalThis.lab !== undefined);
  const { id } = ann;
  assert.equal(await ann.join({ signalling: net.signalling.url }), id);
  await count(ann);
  await totals(12, ann, ben);

  await ben.page.evaluate(() => counter.close());
  await add(ann, 30);
  await totals(42, ann);
  assert.equal(await ben.page.evaluate(() => total), 12);
  await count(ben);
  await totals(42, ann, ben);
});

scenario('modules of two ports stand in one tab, and one that traps is detached alone', 180_000, async (net) => {
  const [ann, ben] = await pair(net);
  for (const tab of [ann, ben]) {
    await count(tab);
    await play(tab, PUPPET);
  }
  await until(20_000, 'views', async () => (await told(ann, 6)) && ann.page.evaluate(() => globalThis.told.some((bytes) => bytes[0] === 6 && bytes[5] === 1)));

  // Tell, and ask and reply: both are proven over the own link, and on the module's port alone.
  await give(ann, [1, 1, ...idOf(ben), 9, 9]);
  assert.deepEqual(await told(ben, 1), [1, ...idOf(ann), 1, 9, 9]);
  await give(ann, [2, 0, 0, 0, 3, ...idOf(ben), 0, 0, 39, 16, 1, 2, 3]);
  const asked = await told(ben, 2);
  assert.deepEqual([asked.slice(1, 34), asked.slice(42)], [[...idOf(ann), 1], [1, 2, 3]]);
  await give(ben, [3, ...asked.slice(34, 38), 0, 100, 6, 7]);
  assert.deepEqual(await told(ann, 3), [3, 0, 0, 0, 3, ...idOf(ben), 1, 0, 0, 100, 6, 7]);

  // A link that is held, and a signature.
  await give(ann, [5, 1, ...idOf(ben)]);
  assert.deepEqual((await told(ann, 4)).slice(1, 33), [...idOf(ben)]);
  await give(ann, [64, 0, 0, 0, 1, 5, 5]);
  assert.equal((await told(ann, 64)).length, 69);

  // Who asks a module that stops in the middle hears of it, and the other module goes on.
  await ann.page.evaluate(() => (globalThis.told = globalThis.told.filter((bytes) => bytes[0] !== 3)));
  await give(ann, [2, 0, 0, 0, 4, ...idOf(ben), 0, 0, 39, 16, 1]);
  await until(10_000, 'the question', () => ben.page.evaluate(() => globalThis.told.filter((bytes) => bytes[0] === 2).length === 2));
  await give(ben, []);
  assert.deepEqual((await told(ann, 3)).slice(37), [1, 0, 1, 47]);
  assert.deepEqual(await ben.page.evaluate(() => faults), ['ModuleFailed']);
  await ann.page.evaluate(() => (globalThis.told = globalThis.told.filter((bytes) => bytes[0] !== 3)));
  await give(ann, [2, 0, 0, 0, 5, ...idOf(ben), 0, 0, 39, 16, 1]);
  assert.deepEqual((await told(ann, 3)).slice(37), [1, 0, 1, 45], 'its port is closed');
  await add(ann, 1);
  await add(ben, 2);
  await totals(3, ann, ben);
});
