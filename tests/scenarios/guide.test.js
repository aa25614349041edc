// Goal: somebody who follows docs/GUIDE.md gets from an empty folder to a job over strangers, and its receipts hold.
// Method: the guide's blocks of shell run in order in an empty folder, in a network with two peers that offer. Only the server's
// address is another one.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { scenario } from '../harness/network.js';
import { ROOT, native } from '../harness/places.js';
import { run } from '../harness/run.js';

/** The address that the guide gives. */
const GUIDE_ADDRESS = 'ws://localhost:8080/signal';

/** Marks where the output of one block ends. */
const MARK = '--- the next block ---';

const blocks = () => readFileSync(join(ROOT, 'docs/GUIDE.md'), 'utf8').match(/(?<=```sh\n)[^]*?(?=```)/g) ?? [];

scenario('the guide leads from an empty folder to a job over strangers', 600_000, async (net) => {
  await net.startSignalling();
  for (const name of ['ann', 'ben']) await net.startPeer({ name, args: ['--offer', 'true'] });
  const listed = blocks();
  assert.equal(listed.filter((block) => block.includes(GUIDE_ADDRESS)).length, 1);
  const dir = join(net.dir, 'guide');
  mkdirSync(dir);
  // The guide's own peer ends with the script.
  const script = ['set -eu', "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT", ...listed].join(`\necho '${MARK}'\n`);
  const env = { PATH: `${dirname(native())}:${process.env.PATH}` };
  const { code, stdout, stderr } = await run('bash', ['-c', script.replace(GUIDE_ADDRESS, net.signalling.url)], { cwd: dir, env, ms: 600_000 });
  assert.equal(code, 0, stderr);
  const said = stdout.toString().split(`${MARK}\n`).slice(2);
  assert.equal(said.length, listed.length);
  const of = (text) => said[listed.findIndex((block) => block.includes(text))];
  assert.match(of('task check'), /accepted +yes[^]*2 be\n2 to\n/);
  assert.equal(of('cat out/1.txt.out').split('\n')[0], '1 1');
  assert.equal(readdirSync(join(dir, 'out')).filter((name) => name.endsWith('.out')).length, 10);
  for (const language of ['length.c', 'length.ts']) assert.equal(of(`cat >${language}`), '6');
});
