// Goal: somebody who installs the package gets everything it needs, and nothing but.
// Method: pack it as for publishing, install the tarball into an empty folder, and run a page that has only that
// folder's node_modules.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { seededBytes, sha256 } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';
import { PageServer } from '../harness/pages.js';
import { pkg } from '../harness/places.js';
import { run } from '../harness/run.js';

async function npm(cwd, ...args) {
  const { code, stdout, stderr } = await run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd });
  assert.equal(code, 0, stderr);
  return stdout.toString();
}

scenario('a fresh app installs the package and joins', 120_000, async (net) => {
  const app = join(net.dir, 'app');
  mkdirSync(app);
  const packed = await npm(pkg(), 'pack', '--json', '--ignore-scripts', '--pack-destination', net.dir);
  const [{ filename, files }] = JSON.parse(packed);
  const paths = files.map((file) => file.path);
  assert.ok(paths.some((path) => path.endsWith('.wasm')), 'the Wasm core is in it');
  assert.ok(paths.some((path) => path.endsWith('.d.ts')), 'types are in it');
  for (const path of paths) assert.doesNotMatch(path, /node_modules|\.test\.|^test\//, 'nothing of the workshop is');

  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await npm(app, 'install', '--offline', join(net.dir, filename));
  const installed = join(app, 'node_modules', 'tabmesh');
  assert.equal(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).name, 'tabmesh');

  const [peer] = await net.startPeers(1);
  const pages = await PageServer.start(installed);
  try {
    const tab = await (await net.browser()).tab(pages, { name: 'fresh' });
    await tab.join({ signalling: net.signalling.url });
    const given = await tab.put(1, 100_000);
    assert.equal(await sha256(await peer.get(given.cid)), await sha256(seededBytes(1, 100_000)));
  } finally {
    await pages.close();
  }
});
