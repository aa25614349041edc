import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { Browser } from '../harness/browser.js';
import { page } from '../harness/pages.js';
import { sleep, until, within } from '../harness/wait.js';
import { puppet } from '../../pkg/test/port-modules.js';
import { program } from './programs.js';

/** What a module of a tab may hold, and native peers in its network. */
const HELD = 40;
const CROWD = 70;

/** Linking, rest, and the time over which processors are watched, in milliseconds. */
const LINK_MS = 90_000;
const REST_MS = 10_000;
const IDLE_MS = 30_000;

export const title = 'Held links';

export const about = `
An idle page of a network of ${CROWD} native peers on this machine, without a module and with one that holds links to ${HELD} of them,
in a browser of its own: all of its processes together, over ${IDLE_MS / 1000} s after ${REST_MS / 1000} s of rest. Memory is what they share divided among them
(PSS). Bare: the same page, which does not join.`;

export async function measure(net) {
  await net.startSignalling();
  const rows = [];
  for (const kind of ['chromium', 'firefox']) {
    const crowd = await startCrowd(net, kind);
    try {
      const bare = await watched(net, kind, async () => {});
      const own = await watched(net, kind, (tab) => joined(net, tab, kind));
      const held = await watched(net, kind, async (tab) => {
        await joined(net, tab, kind);
        await hold(tab, crowd.ids.slice(0, HELD));
      });
      const row = (what, unit, { [unit]: ours }) => ({ what: `${kind}, ${what}`, unit, ours, bare: bare[unit] });
      rows.push(
        row(`processor, ${own.links} links`, '% of one core', own),
        row(`processor, ${held.links} links, ${HELD} of them held`, '% of one core', held),
        row(`memory, ${own.links} links`, 'MB', own),
        row(`memory, ${held.links} links, ${HELD} of them held`, 'MB', held),
      );
    } finally {
      await crowd.end();
    }
  }
  return rows;
}

/** Native peers in a process of their own, in a network named after the browser. */
async function startCrowd(net, network) {
  const child = spawn(program('crowd'), [net.signalling.url, network, `${CROWD}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await within(LINK_MS, 'the crowd starting', lines.next());
  return {
    ids: JSON.parse(value),
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** What a browser with one page takes while nothing happens, after `begin`. */
async function watched(net, kind, begin) {
  const pages = await net.pages();
  pages.add('/held', page(`import { join } from 'tabmesh'; import { attach } from 'tabmesh/module'; Object.assign(globalThis, { join, attach });`));
  const before = new Set(children(process.pid));
  const browser = await Browser.start(net.logs, kind);
  try {
    const tab = await browser.page({ url: `${pages.origin}/held` });
    await tab.waitForFunction(() => globalThis.attach);
    await begin(tab);
    await sleep(REST_MS);
    const roots = children(process.pid).filter((pid) => !before.has(pid));
    const all = roots.flatMap(family);
    const seconds = () => all.reduce((sum, pid) => sum + processSeconds(pid), 0);
    const [from, at] = [seconds(), performance.now()];
    await sleep(IDLE_MS);
    const share = (100 * (seconds() - from)) / ((performance.now() - at) / 1000);
    const links = await tab.evaluate(() => globalThis.mesh?.peers().length ?? 0);
    return { '% of one core': share, MB: all.reduce((sum, pid) => sum + madeBytes(pid), 0) / 1e6, links };
  } finally {
    await browser.close();
  }
}

async function joined(net, tab, network) {
  await tab.evaluate(async (options) => (globalThis.mesh = await globalThis.join(options)), { signalling: net.signalling.url, network });
}

/** Attaches a module that holds these, and waits until it is linked to them. */
async function hold(tab, ids) {
  await tab.evaluate(
    async ([wasm, ids]) => {
      const bytes = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
      const module = await globalThis.attach(globalThis.mesh, { name: 'tabmesh bench v1', module: Uint8Array.from(wasm) });
      const wish = new Uint8Array(2 + 32 * ids.length);
      wish.set([5, ids.length]);
      ids.forEach((id, at) => wish.set(bytes(id), 2 + 32 * at));
      module.command(wish);
    },
    [[...puppet()], ids],
  );
  const linked = () => tab.evaluate((ids) => globalThis.mesh.peers().filter(({ id }) => ids.includes(id)).length, ids);
  await until(LINK_MS, `links to ${ids.length} held nodes`, async () => (await linked()) === ids.length);
}

function children(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
}

const family = (pid) => [pid, ...children(pid).flatMap(family)];

/** Seconds of processor time that a process has used; Linux counts in hundredths. */
function processSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function madeBytes(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss: +(\d+) kB/m)[1]) * 1024;
  } catch {
    return 0;
  }
}
