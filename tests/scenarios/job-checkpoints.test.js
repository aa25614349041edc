// Goal: a job that a page began goes on at a native peer, and the other way round: same CID, same root, and nothing that was accepted runs again.
// Method: the same tiles of a picture, alone in a tab, by a tab that stops half-way, and by the command; checkpoints go over the network.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { ROOT, native } from '../harness/places.js';
import { run } from '../harness/run.js';

const TILE_FILE = join(ROOT, 'task-meter/guests/built/tile.wasm');
const TILE = readFileSync(TILE_FILE).toString('base64');
const INPUTS = Array.from({ length: 24 }, (_, at) => `384 96 ${(at % 6) * 64} ${Math.floor(at / 6) * 24} 64 24`);
const HALF = 10;

/** A job of the tab that stops once so many results came: its checkpoint, its CID, and what it came to. */
const half = ({ page }) =>
  page.evaluate(
    async ([module, inputs, most]) => {
      const { map } = await import('tabmesh/job');
      const bytes = Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0));
      const whole = map(lab.mesh(), bytes, inputs, { where: 'local' });
      const [root, cid] = [await whole.root(), await whole.cid()];
      const job = map(lab.mesh(), bytes, inputs, { where: 'local' });
      let count = 0;
      for await (const { status } of job.results()) if (status === 'OK' && (count += 1) === most) break;
      job.pause();
      const { accepted } = job.progress;
      const name = await job.checkpoint();
      await job.cancel();
      return { name, root, cid, accepted };
    },
    [TILE, INPUTS, HALF],
  );

const resumed = ({ page }, name) =>
  page.evaluate(async (name) => {
    const { resume } = await import('tabmesh/job');
    const { job } = await resume(lab.mesh(), name, { where: 'local' });
    const before = job.progress.accepted;
    return { before, root: await job.root(), cid: await job.cid(), outputs: (await job).length };
  }, name);

scenario('a job goes on from a tab to a native peer and from there to a tab', 240_000, async (net) => {
  await net.startSignalling();
  const [ann] = [await net.startPeer({ name: 'ann' }), await net.startPeer({ name: 'ben' })];
  const tab = await net.joinedTab({ name: 'tab' });
  const job = (...args) => run(native(), ['job', ...args, '--data-dir', ann.data, '--json'], { ms: 120_000 });
  const last = ({ code, stdout, stderr }) => {
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout.toString().trim().split('\n').at(-1));
  };

  const { name, root, cid, accepted } = await half(tab);
  assert.ok(accepted >= HALF && accepted < INPUTS.length);
  const out = join(net.dir, 'from-the-tab');
  const went = await job('resume', name, '-o', out, '--where', 'local');
  const end = last(went);
  assert.deepEqual([end.root, end.cid, end.all], [root, cid, INPUTS.length]);
  const ran = went.stdout.toString().split('\n').filter((line) => line.includes('"executor"') && line.includes('"number"')).length;
  // One may have come between the count and the checkpoint.
  assert.ok(ran > 0 && ran <= INPUTS.length - accepted, `${ran} ran again, ${accepted} were accepted`);

  // The other way round.
  const lines = join(net.dir, 'lines');
  writeFileSync(lines, INPUTS.map((line) => `${line}\n`).join(''));
  const other = join(net.dir, 'at-the-peer');
  const begun = await job('run', TILE_FILE, '--lines', lines, '-o', other, '--where', 'local', '--checkpoint');
  assert.equal(begun.code, 0, begun.stderr);
  const told = begun.stdout.toString();
  const { checkpoint } = JSON.parse(told.slice(told.lastIndexOf('\n{', told.length - 3) + 1));
  const back = await resumed(tab, checkpoint);
  assert.deepEqual(back, { before: INPUTS.length, root, cid, outputs: INPUTS.length });

  const named = last(await job('checkpoint', out));
  assert.match(named.checkpoint, /^baf\w{56}#[0-9a-f]{64}$/);
  const refused = await job('resume', `${named.checkpoint.slice(0, -1)}${named.checkpoint.endsWith('0') ? '1' : '0'}`, '-o', join(net.dir, 'none'));
  assert.equal(refused.code, 2, refused.stderr);
});
