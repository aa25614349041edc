// Goal: what a person does on the pages "Compute together" and "Lend a core" works: a picture is painted tile by tile by others, files of one's own are searched, asked
// and painted, and whoever lends a core sees for whom.
// Method: the built app as the signalling server serves it; each page in a browser profile of its own. What is saved is compared.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenario } from '../harness/network.js';
import { ROOT, liar, native } from '../harness/places.js';
import { run } from '../harness/run.js';

async function open(net, path, name, browser) {
  const page = await (await net.browser(browser)).page({ url: `${net.signalling.http}/${path}`, name });
  await page.locator('[data-testid=state][data-state=joined]').waitFor({ timeout: 30_000 });
  return page;
}

/** Fills the form of an example, and computes it; ends when all has come. */
async function compute(page, example, { fields = {}, files } = {}) {
  await page.getByTestId(`example-${example}`).click();
  if (files) await page.getByTestId('job-files').setInputFiles(files);
  for (const [name, value] of Object.entries(fields)) await page.getByTestId(`job-${name}`).fill(value);
  await page.getByTestId('job-prepare').click();
  await page.locator('[data-testid=job][data-step=ready]').waitFor({ timeout: 60_000 });
  await page.getByTestId('job-start').click();
  await page.locator('[data-testid=job][data-step=ended][data-state=done]').waitFor({ timeout: 120_000 });
}

/** What a phone would cut off at its right edge, where a person cannot scroll to it. */
async function cutOff(page) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const names = await page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((element) => !element.closest('.sheet') && element.getBoundingClientRect().right > innerWidth + 1)
      .map(({ outerHTML }) => outerHTML.slice(0, 80)),
  );
  await page.setViewportSize(size);
  return names;
}

/** What a button saves. */
async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(button).click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** The files of an archive in which none is compressed. */
function unpacked(archive) {
  const files = [];
  for (let at = 0; archive.readUInt32LE(at) === 0x04034b50; ) {
    const [nameLength, extra] = [archive.readUInt16LE(at + 26), archive.readUInt16LE(at + 28)];
    const name = archive.toString('utf8', at + 30, at + 30 + nameLength);
    const start = at + 30 + nameLength + extra;
    // The length stands behind the bytes, where the next signature is.
    const end = archive.indexOf(Buffer.from('504b0708', 'hex'), start);
    files.push({ name, bytes: archive.subarray(start, end) });
    at = archive.indexOf(Buffer.from('504b', 'hex'), end + 4);
  }
  return files;
}

const file = (name, mimeType, bytes) => ({ name, mimeType, buffer: Buffer.from(bytes) });

scenario('a picture is painted by strangers, one of whom lies, and whoever lends a core sees for whom', 240_000, async (net) => {
  await net.startPeers(1);
  await net.startPeer({ name: 'ann', args: ['--offer', 'true'] });
  const cheat = await net.startPeer({ name: 'cheat', program: liar(), args: ['--offer', 'true'] });
  const lender = await open(net, 'offer.html', 'lender');
  await lender.getByTestId('offer-switch').check();
  const fox = await open(net, 'offer.html', 'fox', 'firefox');
  await fox.getByTestId('offer-switch').check();
  const page = await open(net, 'jobs.html', 'asker');
  await compute(page, 'tile');

  const painters = await page.locator('[data-testid=job] .tiles g').evaluateAll((tiles) => tiles.map((tile) => tile.dataset.by));
  assert.equal(painters.length, 225, 'each tile shows who painted it');
  assert.ok(!painters.includes(cheat.id));
  assert.match(await page.getByTestId('quote').innerText(), /225[^]*Gas/);
  const picture = await saved(page, 'job-save');
  assert.equal(picture.name, 'picture.png');
  const root = await page.getByTestId('job-root').innerText();
  const receipts = unpacked((await saved(page, 'job-receipts')).bytes).map(({ name, bytes }) => {
    writeFileSync(join(net.dir, name), bytes);
    return join(net.dir, name);
  });
  assert.equal(receipts.length, painters.filter((id) => id !== 'here').length);
  const { code, stderr } = await run(native(), ['job', 'verify', ...receipts]);
  assert.equal(code, 0, stderr);

  await page.getByTestId('job-local').check();
  await compute(page, 'tile');
  assert.equal(await page.getByTestId('job-root').innerText(), root, 'the tab alone comes to the same');
  assert.deepEqual((await saved(page, 'job-save')).bytes, picture.bytes);

  const did = async (tab) => Number((await tab.getByTestId('offer-done').innerText()).replaceAll(',', ''));
  const done = [await did(lender), await did(fox)];
  assert.ok(done.some((count) => count > 0), `lenders did ${done}`);
  const busy = done[0] > 0 ? lender : fox;
  assert.match(await busy.getByTestId('offer-news').textContent(), /task.* done\.$/, 'ears hear of it');
  for (const tab of [page, busy]) {
    const cells = await tab.locator('.who :is(th, td)').allInnerTexts();
    assert.ok(cells.length > 0 && cells.every((text) => text.trim() !== ''), `no cell is without a word: ${cells}`);
  }
  await lender.getByTestId('offer-switch').uncheck();
  await lender.reload();
  await lender.locator('[data-testid=state][data-state=joined]').waitFor({ timeout: 30_000 });
  assert.equal(await lender.getByTestId('offer-switch').isChecked(), false, 'what was taken back stays so');
});

scenario('files of one\'s own are searched, asked and painted by strangers', 240_000, async (net) => {
  await net.startPeers(1);
  for (const name of ['ann', 'ben']) await net.startPeer({ name, args: ['--offer', 'true'] });
  const page = await open(net, 'jobs.html', 'asker');

  await compute(page, 'search', { fields: { expression: '^o.e$' }, files: [file('a.txt', 'text/plain', 'one\ntwo\n'), file('b.txt', 'text/plain', 'x\nowe')] });
  assert.equal((await saved(page, 'job-save')).bytes.toString(), 'a.txt:1: one\nb.txt:2: owe\n');

  const database = readFileSync(join(ROOT, 'tests/vectors/cities.sqlite'));
  const query = 'select name, people from city where id % :parts = :part order by id';
  await compute(page, 'sql', { fields: { query, parts: '2' }, files: [file('cities.sqlite', 'application/octet-stream', database)] });
  assert.equal((await saved(page, 'job-save')).bytes.toString(), 'name\tpeople\nBerlin\t3878100\nTrier\t112195\nParis\t2103778\n');

  const drawn = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 150);
    const context = canvas.getContext('2d');
    for (let row = 0; row < 150; row += 1) {
      context.fillStyle = `hsl(${row * 2} 80% 50%)`;
      context.fillRect(0, row, 40, 1);
    }
    return Array.from(new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()));
  });
  const painted = async () => {
    await compute(page, 'filter', { files: [file('rainbow.png', 'image/png', drawn)] });
    return (await saved(page, 'job-save')).bytes;
  };
  const picture = await painted();
  await page.getByTestId('example-primes').click();
  await page.getByTestId('job-local').check();
  assert.deepEqual(await painted(), picture, 'bands by strangers are those of this tab');

  await page.getByTestId('job-local').uncheck();
  const search = readFileSync(join(ROOT, 'task-meter/guests/built/search.wasm'));
  await compute(page, 'own', { files: [file('search.wasm', 'application/wasm', search), file('bad', '', 'b(\nhello'), file(`${'long-'.repeat(20)}name`, '', 'b.n+a\nbanana')] });
  assert.deepEqual(await cutOff(page), []);
  assert.equal(await page.locator('[data-testid=job] tr[data-status=OK]').count(), 1);
  await page.locator('[data-testid=job-failed]', { hasText: 'EXIT: search: found open group' }).waitFor();
});

scenario('work that was kept goes on in another tab', 180_000, async (net) => {
  await net.startPeers(1);
  for (const name of ['ann', 'ben']) await net.startPeer({ name, args: ['--offer', 'true'] });
  const page = await open(net, 'jobs.html', 'asker');
  await page.getByTestId('example-primes').click();
  await page.getByTestId('job-millions').fill('60');
  await page.getByTestId('job-prepare').click();
  await page.getByTestId('job-start').click({ timeout: 60_000 });
  await page.locator('[data-testid=job-state]:not([data-accepted="0"])').waitFor({ timeout: 60_000 });
  await page.getByTestId('job-pause').click();
  await page.getByTestId('job-keep').click();
  const link = await page.getByTestId('job-kept').getAttribute('href');
  assert.deepEqual(await cutOff(page), []);
  await page.getByTestId('job-pause').click();
  const ended = (tab) => tab.locator('[data-testid=job][data-step=ended][data-state=done]').waitFor({ timeout: 120_000 });
  await ended(page);

  const other = await (await net.browser()).page({ url: link, name: 'other' });
  await ended(other);
  const told = async (tab) => [await tab.getByTestId('job-root').innerText(), await tab.getByTestId('primes').innerText()];
  assert.deepEqual(await told(other), await told(page));
});
