import { readFileSync } from 'node:fs';

import { page } from '../harness/pages.js';
import { sleep } from '../harness/wait.js';
import { percentile } from './report.js';

const TABS = 25;
const REST_MS = 8000;
const IDLE_MS = 20_000;

export const title = 'Joining, and being there';

export const about = `
A network of two native peers and a signalling server on this machine, all built for release. Joining: from the start of a fresh
page's navigation, its files from a server on this machine, until the tab is part of the network; ${TABS} tabs, each in a profile
of its own, one after another; bare is the same page without \`join\`, until its modules have run. Idle: ${IDLE_MS / 1000} s after
${REST_MS / 1000} s of rest. A tab's processor time is that of the whole browser, all of its processes together, with one tab that
has joined; bare is the same with that page and no \`join\`. A native peer's is that of its process.`;

export async function measure(net) {
  const [peer] = await net.startPeers(2);
  const pages = await net.pages();
  const here = 'globalThis.done = performance.now();';
  pages.add('/bare', page(`import 'tabmesh'; ${here}`));
  const options = JSON.stringify({ signalling: net.signalling.url });
  pages.add('/ours', page(`import { join } from 'tabmesh'; globalThis.mesh = await join(${options}); ${here}`));

  const loads = { bare: [], ours: [] };
  // The first tab each way warms up the browser, and does not count.
  for (let index = -1; index < TABS; index += 1) {
    for (const way of ['bare', 'ours']) {
      const { tab, ms } = await load(net, way);
      if (index >= 0) loads[way].push(ms);
      await tab.context().close();
    }
  }
  const bare = await idle(net, 'bare', peer);
  const ours = await idle(net, 'ours', peer);
  const joining = (part) => ({ ours: percentile(loads.ours, part), bare: percentile(loads.bare, part), unit: 'ms' });
  const percent = '% of one core';
  return [
    { what: 'page load to joined, p50', ...joining(0.5) },
    { what: 'page load to joined, p95', ...joining(0.95) },
    { what: 'processor, browser with one idle tab', ours: ours.browser, bare: bare.browser, unit: percent },
    { what: "processor, the idle page's main thread", ours: ours.page, bare: bare.page, unit: percent },
    { what: 'processor, idle native peer with a tab', ours: ours.native, unit: percent },
    { what: 'memory of the Wasm instance', ours: ours.memory / 1024, unit: 'KiB', goal: { max: 256 } },
    { what: 'memory of a native peer (RSS)', ours: residentBytes(peer.pid) / 1e6, unit: 'MB', goal: { max: 60 } },
  ];
}

/** A fresh tab with the page of `way`, and how long that took by its own clock. */
async function load(net, way) {
  const { origin } = await net.pages();
  const tab = await (await net.browser()).page({ url: `${origin}/${way}` });
  const done = await tab.waitForFunction(() => globalThis.done);
  return { tab, ms: await done.jsonValue() };
}

/** Shares of a processor that browser, page and native peer use while nothing happens, and the Wasm memory after. */
async function idle(net, way, peer) {
  const { tab } = await load(net, way);
  const browser = await tab.context().browser().newBrowserCDPSession();
  const session = await tab.context().newCDPSession(tab);
  await session.send('Performance.enable');
  await sleep(REST_MS);
  const look = async () => ({
    browser: await browserSeconds(browser),
    page: await pageSeconds(session),
    native: processSeconds(peer.pid),
    at: performance.now() / 1000,
  });
  const before = await look();
  await sleep(IDLE_MS);
  const after = await look();
  const memory = way === 'ours' ? await tab.evaluate(() => globalThis.mesh.metrics().memory) : 0;
  await tab.context().close();
  const share = (who) => (100 * (after[who] - before[who])) / (after.at - before.at);
  return { browser: share('browser'), page: share('page'), native: share('native'), memory };
}

/** Seconds of processor time that all processes of the browser have used. */
async function browserSeconds(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Seconds that the page's main thread has been busy. */
async function pageSeconds(session) {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

/** Seconds of processor time that a process has used; Linux counts in hundredths. */
function processSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentBytes(pid) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/);
  return Number(line[1]) * 1024;
}
