// Goal: Firefox's engine comes to the results that all others come to, and its Workers are ended like theirs.
// Method: every vector and every program with a list of results, run by the npm package in a page of a stock Firefox; the
// programs also given to the web app's own page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { scenario } from '../harness/network.js';
import { GAS, programs, runOnPage, vectors } from '../harness/tasks.js';
import { until } from '../harness/wait.js';

const base64 = (file) => readFileSync(file).toString('base64');

scenario('i3: every vector ends in Firefox as it is written down', 180_000, async (net) => {
  const tab = await net.tab({ browser: 'firefox' });
  const listed = vectors();
  assert.ok(listed.length > 100);
  for (const { name, task, outcome } of listed) {
    const { id, ...said } = await tab.call('runTask', task);
    assert.deepEqual(said, outcome, name);
  }
});

scenario('i3: every program gives in Firefox what its list says', 600_000, async (net) => {
  const tab = await net.tab({ browser: 'firefox' });
  for (const { guest, input, file, gas, output } of programs()) {
    const task = { module: base64(file), input: input.toString('base64'), gas: GAS };
    const { status, used, id } = await tab.call('runTask', task);
    assert.deepEqual({ status, used, id }, { status: 0, used: String(gas), id: output }, guest);
  }
});

scenario('i3: a module given to the page in Firefox gives the same', 600_000, async (net) => {
  await net.startSignalling();
  const page = await (await net.browser('firefox')).page({ url: `${net.signalling.http}/tasks.html`, name: 'tasks' });
  for (const program of programs()) {
    const { gas, output } = program;
    assert.deepEqual(await runOnPage(page, program), { status: 'OK', gas, output }, program.guest);
  }
});

scenario('the watchdog ends a task that loops for ever in Firefox, and no Worker is left', 60_000, async (net) => {
  const tab = await net.tab({ browser: 'firefox' });
  let most = 0;
  tab.page.on('worker', () => (most = Math.max(most, tab.page.workers().length)));
  const { task } = vectors().find(({ name }) => name === 'an endless loop');
  const { status, used } = await tab.call('runTask', { ...task, gas: String(2n ** 62n), timeoutMs: 1_000 });
  assert.deepEqual({ status, used }, { status: 8, used: '0' }, 'LATE, and nothing is billed');
  assert.equal(most, 1, 'the Worker is seen while it is there');
  await until(5_000, 'the Worker is gone', () => tab.page.workers().length === 0);
});
