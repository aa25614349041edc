// Goal: credits go from one tab to another over a real network, both watch them become final, and a tab that is a voter votes, before and after
// it is loaded again.
// Method: voters that are tabs, and voters that are native peers and a tab; two pages of credits as the signalling server serves them, each in a
// browser profile of its own.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { genesisOf } from '../harness/genesis.js';
import { scenario } from '../harness/network.js';
import { native } from '../harness/places.js';
import { run } from '../harness/run.js';
import { until } from '../harness/wait.js';

/** A page of credits that has joined and follows. */
async function wallet(net, genesis, name, { query = '', browser } = {}) {
  const page = await (await net.browser(browser)).page({ url: 'about:blank', name });
  if (genesis) await page.route('**/genesis', (route) => route.fulfill({ contentType: 'application/octet-stream', body: genesis }));
  await page.goto(`${net.signalling.http}/ledger.html${query}`);
  await page.locator('[data-testid=ledger][data-stage=open]').waitFor({ timeout: 60_000 });
  await page.locator('[data-testid=mode][data-mode=strong]').waitFor({ timeout: 60_000 });
  return page;
}

const idOf = async (page) => (await page.getByTestId('own-id').textContent()).trim();
const grainsOf = async (page) => BigInt(await page.getByTestId('balance').getAttribute('data-grains'));
const untilHas = (page, grains) => until(60_000, `${grains} grains`, async () => (await grainsOf(page)) === grains);

const keyIn = ({ page }) => page.evaluate(async () => (await import('tabmesh/ledger')).voterKey(lab.mesh()));

/** The public key of a native peer that has not been started. */
async function keyOf(data) {
  const { code, stdout, stderr } = await run(native(), ['ledger', 'key', '--data-dir', data]);
  assert.equal(code, 0, stderr);
  return stdout.toString().trim();
}

/** Follows the ledger in a tab of the package, as `globalThis.ledger`. */
const follow = ({ page }, genesis, begin) =>
  page.evaluate(
    async ({ genesis, begin }) => {
      const { ledgerOf } = await import('tabmesh/ledger');
      globalThis.ledger = await ledgerOf(lab.mesh(), { genesis: Uint8Array.from(genesis), begin });
      return ledger.votes;
    },
    { genesis: [...genesis], begin },
  );

const heightIn = ({ page }) => page.evaluate(() => ledger.head.height);
const untilHeight = (tab, height) => until(60_000, `block ${height}`, async () => (await heightIn(tab)) >= height);

/** Sends by the form; what the newest row said on its way. */
async function send(page, to, amount) {
  await page.getByTestId('to').fill(to);
  await page.getByTestId('amount').fill(amount);
  await page.getByTestId('send').click();
  const row = page.locator('[data-testid=past] li').first();
  await row.locator('[data-testid=finality][data-finality=final]').waitFor({ timeout: 60_000 });
}

scenario('four tabs vote, and credits go from one page to another', 300_000, async (net) => {
  await net.startSignalling();
  const tabs = await Promise.all([1, 2, 3, 4].map((number) => net.joinedTab({ name: `voter-${number}` })));
  const keys = await Promise.all(tabs.map(keyIn));
  const genesis = genesisOf(keys);
  assert.deepEqual(await Promise.all(tabs.map((tab) => follow(tab, genesis, true))), [true, true, true, true]);
  await untilHeight(tabs[0], 1);

  const [ann, ben] = [await wallet(net, genesis, 'ann'), await wallet(net, genesis, 'ben')];
  const [annId, benId] = [await idOf(ann), await idOf(ben)];
  const steps = await tabs[0].page.evaluate(async (to) => {
    const { credits } = await import('tabmesh/ledger');
    const steps = [];
    for await (const { finality } of ledger.transfer(to, credits('20'))) steps.push(finality);
    return steps;
  }, annId);
  assert.equal(steps.at(-1), 'final');
  await untilHas(ann, 20_000_000n);

  await send(ann, benId, '1.25');
  await untilHas(ann, 20_000_000n - 1_250_000n - 1_000n);
  await untilHas(ben, 1_250_000n);
  await ben.locator('[data-testid=done]').first().waitFor();
  assert.match(await ben.locator('[data-testid=done]').first().innerText(), /\+1\.25[^]*Final/);

  // A link fills the form, and sends nothing by itself.
  const asked = await wallet(net, genesis, 'asked', { query: `?to=${benId}&amount=3` });
  assert.deepEqual([await asked.getByTestId('to').inputValue(), await asked.getByTestId('amount').inputValue()], [benId, '3']);
  await asked.getByTestId('send').click();
  await asked.getByText('has no account yet').waitFor();

  const [voter] = tabs;
  await voter.page.reload();
  await voter.page.waitForFunction(() => globalThis.lab !== undefined);
  await voter.join({ signalling: net.signalling.url });
  assert.equal(await follow(voter, genesis, false), true, 'it has its journal again');
  const height = await heightIn(tabs[1]);
  await untilHeight(voter, height + 2);
});

scenario('native peers and a tab vote, a faucet gives, and credits go from one page to another', 300_000, async (net) => {
  await net.startSignalling();
  const names = ['peer-1', 'peer-2', 'peer-3', 'peer-4'];
  const tab = await net.joinedTab({ name: 'voter' });
  const keys = await Promise.all(names.map((name) => keyOf(join(net.dir, name))));
  const genesis = genesisOf([...keys, await keyIn(tab)]);
  const file = join(net.dir, 'genesis');
  writeFileSync(file, genesis);
  const begins = ['--ledger', file, '--ledger-begin'];
  await Promise.all(names.map((name, at) => net.startPeer({ name, args: at === 0 ? [...begins, '--faucet', '5'] : begins })));
  assert.equal(await follow(tab, genesis, true), true);
  await untilHeight(tab, 1);

  const [ann, ben] = [await wallet(net, genesis, 'ann'), await wallet(net, genesis, 'ben', { browser: 'firefox' })];
  await ann.getByTestId('faucet').click();
  await untilHas(ann, 5_000_000n);
  await send(ann, await idOf(ben), '1.25');
  await untilHas(ann, 5_000_000n - 1_250_000n - 1_000n);
  await untilHas(ben, 1_250_000n);
  const signed = () => tab.page.evaluate(() => ledger.voters().find(({ isOwn }) => isOwn).signed);
  await until(60_000, 'a certificate with the signature of the tab', async () => (await signed()) > 0);
  await ann.getByTestId('faucet').click();
  await ann.getByText('it gave enough for now').waitFor();
});

scenario('where no ledger is told of, the page says so, and how one is run', 60_000, async (net) => {
  await net.startSignalling();
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/ledger.html`, name: 'lonely' });
  await page.getByTestId('no-ledger').waitFor({ timeout: 30_000 });
  assert.match(await page.getByTestId('no-ledger').innerText(), /--genesis/);
});
