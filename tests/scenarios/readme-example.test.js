// Goal: the lines of JavaScript on the README's first screen do what they say.
// Method: take them out of README.md as they stand, check them against the package's types, and run them in a page.
// Only the server's address is another one.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { page } from '../harness/pages.js';
import { ROOT, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';
import { until } from '../harness/wait.js';

/** The address that the README gives. */
const README_ADDRESS = 'ws://localhost:8080/signal';

/** The only block of JavaScript in README.md. */
function example() {
  const blocks = readFileSync(join(ROOT, 'README.md'), 'utf8').match(/(?<=```js\n)[^]*?(?=```)/g) ?? [];
  assert.equal(blocks.length, 1, 'README.md has one block of JavaScript');
  assert.ok(blocks[0].includes(README_ADDRESS));
  return blocks[0];
}

scenario('the example of the README runs', 60_000, async (net) => {
  await net.startPeers(2);
  const pages = await net.pages();
  pages.add('/readme', page(example().replace(README_ADDRESS, net.signalling.url)));
  const said = [];
  const { page: tab } = await net.tab();
  // What the browser itself writes there, about an icon that is not there for one, is none of the example's.
  tab.on('console', (message) => message.type() === 'log' && said.push(message.text()));
  tab.on('pageerror', (error) => said.push(`error: ${error.message}`));
  await tab.goto(`${pages.origin}/readme`);

  await until(30_000, 'the last line of the example', () => said.some((line) => / ms$/.test(line)));
  assert.match(said[0], /^I am [0-9a-f]{64}$/);
  assert.match(said[1], /^[1-9]\d* others keep b[a-z2-7]{58}$/);
  assert.equal(said[2], 'Hello from one tab');
  assert.match(said[3], /^[0-9a-f]{64} (webrtc|websocket) [\d.]+ ms$/);
});

scenario('the example of the README has no type errors', 60_000, async (net) => {
  const dir = join(net.dir, 'readme');
  mkdirSync(join(dir, 'node_modules'), { recursive: true });
  symlinkSync(pkg(), join(dir, 'node_modules', 'tabmesh'));
  writeFileSync(join(dir, 'example.mts'), example());
  const options = {
    noEmit: true,
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['example.mts'] }));
  const { code, stdout } = await run(join(pkg(), 'node_modules', '.bin', 'tsc'), ['--project', dir]);
  assert.equal(code, 0, stdout.toString());
});
