// Goal: an app that was made from the packed package runs tasks: bundled by Vite in a browser, and in Node.
// Method: pack it as for publishing, install the tarball into an empty folder, and run the README's task there.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { serveFolder } from '../harness/pages.js';
import { ROOT, pkg } from '../harness/places.js';
import { run } from '../harness/run.js';
import { until } from '../harness/wait.js';

const VITE = join(ROOT, 'web/node_modules/vite/bin/vite.js');

async function done(program, args, cwd) {
  const { code, stdout, stderr } = await run(program, args, { cwd });
  assert.equal(code, 0, stderr);
  return stdout.toString();
}

/** The example of a task in the package's README. */
function example() {
  const [, code] = /```js\n(import \{ runTask \}[^]*?)```/.exec(readFileSync(join(pkg(), 'README.md'), 'utf8'));
  return code;
}

/** An empty folder with the package installed. */
async function freshApp(dir) {
  const app = join(dir, 'app');
  mkdirSync(app);
  const [{ filename }] = JSON.parse(await done('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], pkg()));
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await done('npm', ['install', '--offline', '--no-audit', '--no-fund', join(dir, filename)], app);
  return app;
}

scenario('a fresh app runs a task in Node, and in a tab when Vite has bundled it', 120_000, async (net) => {
  const app = await freshApp(net.dir);
  writeFileSync(join(app, 'main.js'), example());
  const inNode = (await done('node', ['main.js'], app)).trim();
  assert.match(inNode, /^OK \d+ gas hello bafkrei\w{52}$/);

  writeFileSync(join(app, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
  await done('node', [VITE, 'build', '--logLevel', 'error'], app);
  const pages = net.closeAfterwards(await serveFolder(join(app, 'dist')));
  const browser = await net.browser();
  const page = await browser.page({ name: 'bundled', url: 'about:blank' });
  const said = [];
  page.on('console', (message) => message.type() === 'log' && said.push(message.text()));
  page.on('pageerror', (error) => said.push(`${error.name}: ${error.message}`));
  await page.goto(`${pages.origin}/`);
  await until(20_000, 'the task has ended', () => said.length > 0);
  assert.deepEqual(said, [inNode], 'the same in the tab as in Node');
});
