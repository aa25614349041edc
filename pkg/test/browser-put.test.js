// Goal: `put` takes what it was given, from whatever realm, or says that it changed; it never succeeds with other content.
// Method: a real file, chosen in a real page, is written to on disk while the page is in the middle of reading it.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { launch, open, serve } from './harness.js';

const SIZE = 8_000_000;

let server;
let browser;
let page;
let folder;

before(async () => {
  server = await serve();
  browser = await launch();
  page = await open(await browser.newContext(), server.origin);
  folder = mkdtempSync(join(tmpdir(), 'tabmesh-put-'));
  await page.evaluate(prepare);
});
after(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs in the page: an input for files, and results that can cross into Node.js. */
async function prepare() {
  document.body.innerHTML = '<input type="file">';
  const { sourceOf } = await import('/dist/source.js');
  const { hex, sha256 } = await import('/dist/bytes.js');
  const whole = async (chunks, first) => {
    const parts = first ? [first] : [];
    for await (const chunk of chunks) parts.push(chunk);
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return { size: bytes.length, hash: hex(await sha256(bytes)) };
  };
  const told = (work) => work.catch(({ name, message }) => ({ name, message }));
  globalThis.contentOf = (data) => told((async () => whole(sourceOf(data).chunks(new AbortController().signal)))());
  globalThis.begin = async () => {
    globalThis.chunks = sourceOf(document.querySelector('input').files[0]).chunks(new AbortController().signal);
    globalThis.first = undefined;
  };
  globalThis.readSome = async () => void (globalThis.first = (await globalThis.chunks.next()).value);
  globalThis.readRest = () => told(whole(globalThis.chunks, globalThis.first));
}

/** Puts a file of this name and does `act` to it, before its first byte is read or after. */
async function readWhile(name, act, isBefore) {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(SIZE).fill(1));
  await page.setInputFiles('input', path);
  await page.evaluate(() => begin());
  if (!isBefore) await page.evaluate(() => readSome());
  act(path);
  return page.evaluate(() => readRest());
}

const changes = {
  cut: (path) => truncateSync(path, SIZE / 2),
  'cut to nothing': (path) => truncateSync(path, 0),
  grown: (path) => appendFileSync(path, new Uint8Array(1000)),
  overwritten: (path) => writeFileSync(path, new Uint8Array(SIZE).fill(2)),
  deleted: unlinkSync,
};

for (const [name, act] of Object.entries(changes)) {
  for (const isBefore of [true, false]) {
    test(`a file that is ${name} ${isBefore ? 'before its first byte was read' : 'while it is read'} is not put`, async () => {
      const result = await readWhile(`${name}-${isBefore}`, act, isBefore);
      assert.equal(result.name, 'BadData', JSON.stringify(result));
      assert.match(result.message, /the file changed/);
    });
  }
}

test('a file that nobody touches is read as it is, an empty one as well', async () => {
  const { size } = await readWhile('untouched', () => undefined, false);
  assert.equal(size, SIZE);
  writeFileSync(join(folder, 'empty'), '');
  await page.setInputFiles('input', join(folder, 'empty'));
  assert.equal((await page.evaluate(() => contentOf(document.querySelector('input').files[0]))).size, 0);
});

test('bytes, Blobs, files and streams of another realm are what they are here', async () => {
  const results = await page.evaluate(async () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const other = frame.contentWindow;
    const bytes = new other.Uint8Array(70_000).fill(7);
    const stream = () =>
      new other.ReadableStream({
        start(controller) {
          controller.enqueue(new other.Uint16Array(bytes.buffer, 0, 5_000));
          controller.enqueue(bytes.buffer.slice(0, 60_000));
          controller.close();
        },
      });
    const forms = {
      bytes,
      buffer: bytes.buffer,
      view: new other.DataView(bytes.buffer),
      numbers: new other.Float64Array(bytes.buffer),
      blob: new other.Blob([bytes]),
      file: new other.File([bytes], 'name'),
      stream: stream(),
      here: new Uint8Array(70_000).fill(7),
    };
    const entries = Object.entries(forms).map(async ([name, data]) => [name, await contentOf(data)]);
    return Object.fromEntries(await Promise.all(entries));
  });
  for (const [name, result] of Object.entries(results)) assert.deepEqual(result, results.here, name);
  assert.equal(results.here.size, 70_000);
});
