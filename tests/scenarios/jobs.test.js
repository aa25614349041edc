// Goal: a job that one tab asks for is computed by other tabs, of two kinds of browser, and by native peers, one of which lies; it ends right, and its
// receipts hold without the network.
// Method: a picture in tiles, beside the same picture made by the tab alone; receipts are checked by the package and by the command.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { ROOT, liar, native } from '../harness/places.js';
import { run } from '../harness/run.js';
import { until } from '../harness/wait.js';

const TILE = readFileSync(join(ROOT, 'task-meter/guests/built/tile.wasm')).toString('base64');

const [WIDTH, HEIGHT, ACROSS, DOWN] = [960, 720, 64, 48];
const TILES = (WIDTH / ACROSS) * (HEIGHT / DOWN);

/** This tab computes for others. */
const lend = ({ page }, options = {}) =>
  page.evaluate(async (options) => {
    const { offer } = await import('tabmesh/job');
    globalThis.offer = await offer(lab.mesh(), { when: 'always', cores: 1, ...options });
  }, options);

/** Asks for the picture: results by their place, and what happened on the way. */
const ask = ({ page }, options) =>
  page.evaluate(
    async ([module, [width, height, across, down], options]) => {
      const { map } = await import('tabmesh/job');
      const inputs = [];
      for (let top = 0; top < height; top += down) for (let left = 0; left < width; left += across) inputs.push(`${width} ${height} ${left} ${top} ${across} ${down}`);
      const job = map(lab.mesh(), Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)), inputs, { gas: 1_000_000_000, ...options });
      const [given, liars] = [{}, []];
      job.on('assigned', ({ executor, indices }) => (given[executor] = (given[executor] ?? 0) + indices.length));
      job.on('dispute', ({ liar }) => liars.push(liar));
      const results = [];
      for await (const { index, status, id, executor, isChecked, votes, receipt } of job.results()) {
        results[index] = { status, id, executor, isChecked, votes, receipt: receipt && Array.from(await receipt()) };
      }
      return { results, given, liars, root: await job.root() };
    },
    [TILE, [WIDTH, HEIGHT, ACROSS, DOWN], options],
  );

scenario('strangers compute a job, one of them lies, and it ends right', 240_000, async (net) => {
  await net.startSignalling();
  const natives = [];
  for (const name of ['ann', 'ben']) natives.push(await net.startPeer({ name, args: ['--offer', 'true'] }));
  const cheat = await net.startPeer({ name: 'cheat', program: liar(), args: ['--offer', 'true'] });
  const asker = await net.joinedTab({ name: 'asker' });
  const tabs = [await net.joinedTab({ name: 'cid' }), await net.joinedTab({ name: 'dan' }), await net.joinedTab({ name: 'fox', browser: 'firefox' })];
  for (const tab of tabs) await lend(tab);

  const alone = await ask(asker, { where: 'local' });
  assert.equal(alone.results.length, TILES);
  assert.ok(alone.results.every(({ status, executor }) => status === 'OK' && executor === null));

  const { results, root, given } = await ask(asker, { validation: 2 });
  assert.ok(given[cheat.id] > 0, 'the liar was asked');
  assert.equal(results.length, TILES);
  assert.deepEqual(results.map(({ id }) => id), alone.results.map(({ id }) => id));
  assert.equal(root, alone.root, 'the root says nothing of who computed it');
  assert.ok(results.every(({ isChecked, votes, executor }) => isChecked && (votes >= 2 || executor === null)));
  const hadSome = (executors) => executors.some(({ id }) => given[id] > 0);
  assert.ok(hadSome(natives) && hadSome(tabs), `given to ${JSON.stringify(given)}`);

  assert.ok(results.every(({ executor }) => executor !== cheat.id), 'nothing of it counts');

  const receipts = results.flatMap(({ receipt }) => (receipt ? [receipt] : []));
  assert.ok(receipts.length >= TILES / 2);
  const says = await asker.page.evaluate(async (receipts) => {
    const { verifyReceipt } = await import('tabmesh/job');
    const all = [];
    for (const receipt of receipts) all.push((await verifyReceipt(Uint8Array.from(receipt))).executor);
    const tampered = Uint8Array.from(receipts[0]);
    tampered[tampered.length - 1] ^= 1;
    const refused = await verifyReceipt(tampered).then(() => 'accepted', ({ name }) => name);
    return { all, refused };
  }, receipts);
  assert.deepEqual(new Set(says.all), new Set(results.flatMap(({ executor, receipt }) => (receipt ? [executor] : []))));
  assert.notEqual(says.refused, 'accepted');

  const checked = await ask(asker, { validation: 1 });
  assert.equal(checked.root, alone.root, 'checked now and then it ends right too');
  assert.ok(checked.liars.every((liar) => liar === cheat.id), 'an honest one is never named');

  const file = join(net.dir, 'one.receipt');
  writeFileSync(file, Uint8Array.from(receipts[0]));
  const { code, stderr } = await run(native(), ['job', 'verify', file]);
  assert.equal(code, 0, stderr);
  const worked = await until(5_000, 'tabs telling what they did', () => Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.offer.state.done))));
  assert.ok(worked.some((done) => done > 0), `tabs did ${worked}`);
});

scenario('a tab in Firefox computes for one in Chromium, and the other way round', 180_000, async (net) => {
  await net.startSignalling();
  const chrome = await net.joinedTab({ name: 'chrome' });
  const fox = await net.joinedTab({ name: 'fox', browser: 'firefox' });
  const alone = await ask(chrome, { where: 'local' });
  for (const [asker, executor] of [[chrome, fox], [fox, chrome]]) {
    await lend(executor);
    const { results, root, given } = await ask(asker, { validation: 0 });
    assert.equal(root, alone.root);
    assert.deepEqual(Object.keys(given), [executor.id]);
    assert.ok(results.every((result) => result.executor === executor.id && !result.isChecked));
    await executor.page.evaluate(() => globalThis.offer.stop());
  }
});

const PACK = readFileSync(join(ROOT, 'task-meter/guests/built/pack.wasm')).toString('base64');

/** Has streams packed by steps; tasks are said to take long, so that nobody runs one whole to decide it. */
const pack = ({ page }, options = {}) =>
  page.evaluate(
    async ([module, options]) => {
      const { map } = await import('tabmesh/job');
      const inputs = Array.from({ length: 24 }, (_, at) => Uint8Array.from({ length: 500 }, (_, byte) => (at * byte) >> 3));
      const job = map(lab.mesh(), Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)), inputs, { pieceBytes: 50, expectedMs: 20_000, ...options });
      const liars = new Set();
      job.on('dispute', ({ liar }) => liars.add(liar));
      return { root: await job.root(), liars: [...liars] };
    },
    [PACK, options],
  );

scenario('who lies about one step of a task is named by that step, between tabs and native peers', 180_000, async (net) => {
  await net.startSignalling();
  await net.startPeer({ name: 'ann', args: ['--offer', 'true'] });
  const cheat = await net.startPeer({ name: 'cheat', program: liar(), args: ['--offer', 'true'] });
  const asker = await net.joinedTab({ name: 'asker' });
  await lend(await net.joinedTab({ name: 'cid' }));
  const alone = await pack(asker, { where: 'local' });
  // Until it is found by the asker, jobs end without it.
  const liars = await until(90_000, 'the liar being named', async () => {
    const { root, liars } = await pack(asker);
    assert.equal(root, alone.root);
    return liars.length > 0 && liars;
  });
  assert.deepEqual(liars, [cheat.id]);
});
