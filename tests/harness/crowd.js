// Opens tabs of the web app and keeps them open: for `cargo xtask up --tabs N`.
//
//     node harness/crowd.js --url http://localhost:8080 --tabs 3 --ready-file FILE

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Browser } from './browser.js';

const options = { url: { type: 'string' }, tabs: { type: 'string' }, 'ready-file': { type: 'string' } };
const { values } = parseArgs({ options });

// Pages get no log here: their consoles belong to whoever opens the web app.
const logs = mkdtempSync(join(tmpdir(), 'tabmesh-crowd-'));
const browser = await Browser.start(logs);

async function leave() {
  await browser.close();
  rmSync(logs, { recursive: true, force: true });
  process.exit(0);
}
process.once('SIGTERM', leave);
process.once('SIGINT', leave);

for (let count = 0; count < Number(values.tabs); count += 1) await browser.page({ url: values.url });
writeFileSync(values['ready-file'], `${values.tabs} tabs of a headless Chromium, each with a profile of its own\n`);
// Chromium's pipe keeps this process alive until it is told to leave.
