// Serves the built package on localhost, and starts Chromium. One file a test starts both once.

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Lets a test see whether the page kept something: `gc()`.
  '--js-flags=--expose-gc',
];

/** A server of the package's folder; `/` is an empty page. */
export async function serve() {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    const file = join(ROOT, path);
    if (path === '/') {
      response.writeHead(200, { 'content-type': TYPES['.html'] }).end('<!doctype html><meta charset="utf-8"><title>test</title>');
    } else if (/^\/(dist|wasm|test)\//.test(path) && statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(response);
    } else {
      response.writeHead(404).end('nothing here');
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}

/** Starts Chromium with a fresh profile. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? EXECUTABLES.find((path) => existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it, or name it in CHROMIUM');
  return chromium.launch({ executablePath, args: FLAGS, chromiumSandbox: false });
}

/** A new page of `context` at the empty page. What it throws without catching fails the test by `page.faults`. */
export async function open(context, origin) {
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.setDefaultTimeout(30_000);
  await page.goto(`${origin}/`);
  return page;
}

/** Waits until `holds` answers something true. */
export async function until(ms, what, holds) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Opens the storage of a tab as `join` does, as `globalThis.kept`; its id. */
export const openStorage = (page, options = {}) =>
  page.evaluate(async (options) => {
    const { openStorage } = await import('/dist/storage.js');
    const { settle } = await import('/dist/options.js');
    globalThis.bytes = await import('/dist/bytes.js');
    globalThis.stages = [];
    const onProgress = ({ stage }) => globalThis.stages.push(stage);
    globalThis.kept = await openStorage(settle({ onProgress, ...options }, location.href));
    return globalThis.kept.identity.text;
  }, options);
