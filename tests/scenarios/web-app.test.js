// Goal: what a person does in the web app works. Method: the built app as the signalling server serves it; a file is
// dropped into one tab, its link is opened in another one that shares no storage, and the saved file is compared.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { seededBytes } from '../harness/bytes.js';
import { scenario } from '../harness/network.js';

const NAME = 'holiday pictures (1).bin';

const SIZE = 3_000_000;

/** Opens the app at an address and waits until it has joined. */
async function open(net, url, name) {
  const page = await (await net.browser()).page({ url, name });
  await page.locator('[data-testid=state][data-state=joined]').waitFor({ timeout: 30_000 });
  return page;
}

/** Drops a file onto the page: the events that a drag from the desktop ends with. */
async function drop(page, name, seed, size) {
  const bytes = Array.from(seededBytes(seed, size));
  const transfer = await page.evaluateHandle(
    ([fileName, values]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(values)], fileName));
      return data;
    },
    [name, bytes],
  );
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', event, { dataTransfer: transfer });
}

/** Saves what the page fetched; its name and bytes. */
async function save(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save').click()]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}

scenario('a file dropped into one tab is opened in another', 120_000, async (net) => {
  await net.startPeers(2);
  const giver = await open(net, net.signalling.http, 'giver');
  await giver.locator('[data-testid=peers] tr[data-link=webrtc]').first().waitFor();
  await drop(giver, NAME, 1, SIZE);
  const link = giver.getByTestId('share-link');
  await link.waitFor({ timeout: 60_000 });
  const address = await link.evaluate((anchor) => anchor.href);
  assert.ok(Number(await giver.getByTestId('holders').getAttribute('data-holders')) >= 2, 'others hold it too');
  await giver.close();

  const reader = await open(net, address, 'reader');
  await reader.getByTestId('fetched').waitFor({ timeout: 60_000 });
  const saved = await save(reader);
  assert.equal(saved.name, NAME);
  assert.deepEqual(saved.bytes, seededBytes(1, SIZE));
});

scenario('the app says what is wrong with a link, and keeps working', 60_000, async (net) => {
  await net.startPeers(1);
  const page = await open(net, `${net.signalling.http}/#/no-such-thing/name`, 'visitor');
  await page.getByTestId('error').waitFor();
  await page.getByTestId('file-input').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('still here') });
  await page.getByTestId('share-link').waitFor({ timeout: 30_000 });
  await page.getByTestId('share-link').click();
  await page.locator('pre', { hasText: 'still here' }).waitFor();
});

scenario('a link that names servers of others is asked about before the tab joins', 60_000, async (net) => {
  await net.startSignalling();
  const query = `?signalling=${encodeURIComponent('wss://servers.of.others.example/signal')}&network=mine`;
  const page = await (await net.browser()).page({ url: `${net.signalling.http}/${query}`, name: 'visitor' });
  const asked = page.getByTestId('strangers');
  await asked.waitFor();
  assert.match(await asked.innerText(), /wss:\/\/servers\.of\.others\.example\/signal/);
  const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(await databases(), [], 'nothing has begun');
  await page.getByTestId('join-as-usual').click();
  await page.locator('[data-testid=state][data-state=joined]').waitFor({ timeout: 30_000 });
  assert.equal(new URL(page.url()).search, '?network=mine');
  assert.deepEqual(await databases(), ['tabmesh:mine:0']);
});

scenario('on a phone the place in the network is no wider than the page', 60_000, async (net) => {
  await net.startPeers(2);
  const page = await open(net, net.signalling.http, 'phone');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('[data-testid=peers] tr[data-link=webrtc]').first().waitFor();
  const edges = await page.evaluate(() => {
    const parts = document.querySelectorAll('.ring svg, .ring text, .ring figcaption span, .place button, [data-testid=peers] td');
    return [...parts].map((part) => part.getBoundingClientRect()).flatMap(({ left, right }) => [left, right]);
  });
  assert.ok(edges.length > 40);
  assert.ok(Math.min(...edges) >= 0 && Math.max(...edges) <= 360, `from ${Math.min(...edges)} to ${Math.max(...edges)}`);
});
