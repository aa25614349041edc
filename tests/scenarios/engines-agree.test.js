// Goal: the engines of Chromium and Firefox give the answers that an interpreter gives, bit by bit: the specification's tests, the
// adversarial corpus and random modules, all metered; and what their optimising compilers keep around recursion ends no stack but the profile's.
// Method: what the interpreter was asked and said, written down by `task-meter/checks/tests/node.rs`, asked again in a Worker.

import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { serveFolder } from '../harness/pages.js';
import { ROOT, keptTranscript, transcript } from '../harness/places.js';

const PAGE = `<!doctype html><meta charset="utf-8"><title>engines</title><script type="module">
  const worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => (globalThis.said = data);
  worker.onerror = (event) => (globalThis.said = { held: 0, different: [event.message] });
</script>`;

const WORKER = `
  import { replay } from './replay.js';
  const answer = await fetch('transcript');
  postMessage(replay(await answer.text()));
`;

const CASES = [
  ['chromium', transcript, 60_000],
  ['firefox', transcript, 60_000],
  ['chromium-optimising', keptTranscript, 2_000],
  ['firefox-optimising', keptTranscript, 2_000],
];

for (const [kind, asked, atLeast] of CASES) {
  scenario(`i3: ${kind} says of metered modules what an interpreter says`, 300_000, async (net) => {
    await copyFile(join(ROOT, 'task-meter/checks/tests/replay.mjs'), join(net.dir, 'replay.js'));
    await copyFile(asked(), join(net.dir, 'transcript'));
    await writeFile(join(net.dir, 'worker.js'), WORKER);
    await writeFile(join(net.dir, 'index.html'), PAGE);
    const { origin, close } = await serveFolder(net.dir);
    try {
      const page = await (await net.browser(kind)).page({ url: `${origin}/`, name: kind });
      await page.waitForFunction(() => globalThis.said, undefined, { timeout: 240_000 });
      const { held, different } = await page.evaluate(() => globalThis.said);
      assert.deepEqual(different, []);
      assert.ok(held > atLeast, `only ${held} answers`);
    } finally {
      await close();
    }
  });
}
