// Does what a visitor and an operator do with the running services: `cargo xtask docker` calls it.
//
//     node docker/visit.js --url https://localhost:8443 --peer '["docker","compose","exec","-T","peer","tabmesh"]'
//
// A tab joins through the gateway, gives a file that the relay peer's own command line reads, and reads one that it gave.
// Then a newcomer joins with no signalling server at all, through the relay peer's public address.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Browser } from '../tests/harness/browser.js';
import { seededBytes } from '../tests/harness/bytes.js';
import { run } from '../tests/harness/run.js';

/** Bytes of each file. */
const SIZE = 3_000_000;

/** How long one step may take, in milliseconds. */
const STEP_MS = 60_000;

const { values } = parseArgs({ options: { url: { type: 'string' }, peer: { type: 'string' } } });
const { url } = values;
const [program, ...before] = JSON.parse(values.peer);

/** Runs a command of `tabmesh` in the relay peer's container; the bytes it printed. */
async function peer(args, input) {
  const { code, stdout, stderr } = await run(program, [...before, ...args], { input, ms: STEP_MS });
  if (code !== 0) throw new Error(`tabmesh ${args[0]} ended with ${code}: ${stderr}`);
  return stdout;
}

const peerJson = async (args, input) => JSON.parse(await peer([...args, '--json'], input));

/** The pages that are open, by name. */
const pages = new Map();

/** Opens the web app and waits until it has joined. */
async function open(browser, address, name) {
  const start = performance.now();
  const page = await browser.page({ url: address, name });
  pages.set(name, page);
  await page.locator('[data-testid=state][data-state=joined]').waitFor({ timeout: STEP_MS });
  say(`${name}: joined ${Math.round(performance.now() - start)} ms after the page was asked for`);
  return page;
}

/** What each link of the page runs over. */
const kindsOfLinks = (page) =>
  page.locator('[data-testid=peers] tr[data-link]').evaluateAll((rows) => rows.map((row) => row.dataset.link));

function say(text) {
  console.log(`   ${text}`);
}

/** A tab gives, the relay peer reads. */
async function give(page) {
  const bytes = seededBytes(1, SIZE);
  const file = { name: 'from a tab.bin', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
  await page.getByTestId('file-input').setInputFiles(file);
  const link = page.getByTestId('share-link');
  await link.waitFor({ timeout: STEP_MS });
  const got = await peer(['get', await link.getAttribute('data-cid')]);
  assert.deepEqual(new Uint8Array(got), bytes);
  say(`the relay peer has the ${SIZE / 1e6} MB that the tab gave, byte for byte`);
}

/** The relay peer gives, a tab reads. */
async function take(browser, name, query, seed) {
  const bytes = seededBytes(seed, SIZE);
  const { put } = await peerJson(['put', '-'], bytes);
  const page = await open(browser, `${url}/${query}#/${put.cid}/${encodeURIComponent('from the peer.bin')}`, name);
  await page.getByTestId('fetched').waitFor({ timeout: STEP_MS });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save').click()]);
  assert.deepEqual(new Uint8Array(await readFile(await download.path())), bytes);
  say(`${name}: has the ${SIZE / 1e6} MB that the relay peer gave, byte for byte`);
  return page;
}

/** What must not be seen from outside is not, and what must be is. */
async function look(page) {
  const status = (path) => page.evaluate(async (to) => (await fetch(to)).status, path);
  for (const hidden of ['/metrics', '/healthz']) assert.equal(await status(hidden), 404, `${hidden} is hidden`);
  const cached = await page.evaluate(async () => (await fetch('/')).headers.get('cache-control'));
  assert.equal(cached, 'no-cache');
}

/** Nobody frames the pages, and the Worker of tasks, which has a policy of its own, still runs them. */
async function lookAtPolicies(browser) {
  const page = await browser.page({ url: `${url}/tasks.html`, name: 'tasks' });
  pages.set('tasks', page);
  const worker = page.waitForResponse((response) => /\/assets\/worker-[^/]+\.js$/.test(response.url()));
  await page.getByTestId('example-Mandelbrot').click();
  const headers = (await worker).headers();
  assert.match(headers['cache-control'], /immutable/);
  assert.equal(headers['content-security-policy'], "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
  await page.locator('[data-testid=task-outcome][data-step=ended] img').waitFor({ timeout: STEP_MS });
  const framing = await page.evaluate(async () => (await fetch('/')).headers.get('content-security-policy'));
  assert.match(framing, /frame-ancestors 'none'/);
}

const logs = mkdtempSync(join(tmpdir(), 'tabmesh-visit-'));
const browser = await Browser.start(logs);
try {
  const visitor = await open(browser, url, 'visitor');
  await look(visitor);
  await lookAtPolicies(browser);
  await give(visitor);
  say(`visitor: linked by ${(await kindsOfLinks(visitor)).join(', ')}`);
  await take(browser, 'reader', '', 2);

  const address = `${url.replace(/^http/, 'ws')}/peer`;
  const newcomer = await take(browser, 'newcomer', `?signalling=&peer=${encodeURIComponent(address)}`, 3);
  assert.ok((await kindsOfLinks(newcomer)).includes('websocket'), 'the newcomer came in by WebSocket');
  const links = await peerJson(['peers']);
  say(`the relay peer is linked by ${links.map((link) => link.kind).join(', ')}`);
} catch (error) {
  for (const [name, page] of pages) {
    say(`what ${name} shows:\n${await page.locator('body').innerText({ timeout: STEP_MS })}\n`);
  }
  for (const log of readdirSync(logs)) say(`${log}:\n${readFileSync(join(logs, log), 'utf8')}`);
  throw error;
} finally {
  await browser.close();
  rmSync(logs, { recursive: true, force: true });
}
