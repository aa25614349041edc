import { readFileSync } from 'node:fs';

import { sleep } from '../harness/wait.js';
import { benchPage, call } from './pair.js';
import { percentile } from './report.js';

export const title = 'Joining, and being there';

export const about = `
A network of two native peers and a signalling server on this machine. Page load to joined: from the start of a fresh page's
navigation, its files from a server on this machine, until the tab is part of the network; 30 tabs, each in a profile of its own,
one after another. Idle: one joined tab, and the native peer beside it, for 20 s after 10 s of rest; a tab's processor time is
that of its page as the browser counts it, a native peer's that of its process.`;

const TABS = 30;
const REST_MS = 10_000;
const IDLE_MS = 20_000;

export async function measure(net) {
  const [peer] = await net.startPeers(2);
  const options = { signalling: net.signalling.url };
  const loads = [];
  for (let index = 0; index < TABS; index += 1) {
    const tab = await benchPage(net);
    loads.push(await call(tab, 'ours', 'load', options));
    await tab.context().close();
  }

  const tab = await benchPage(net);
  await call(tab, 'ours', 'load', options);
  const session = await tab.context().newCDPSession(tab);
  await session.send('Performance.enable');
  await sleep(REST_MS);
  const before = { page: await busySeconds(session), native: processSeconds(peer.pid) };
  await sleep(IDLE_MS);
  const share = (seconds) => (seconds * 100_000) / IDLE_MS;
  const percent = { unit: '% of one core' };
  return [
    { what: 'page load to joined, p50', ours: percentile(loads, 0.5), unit: 'ms' },
    { what: 'page load to joined, p95', ours: percentile(loads, 0.95), unit: 'ms' },
    { what: 'processor, idle joined tab', ours: share((await busySeconds(session)) - before.page), ...percent },
    { what: 'processor, idle native peer', ours: share(processSeconds(peer.pid) - before.native), ...percent },
    { what: 'memory of a native peer (RSS)', ours: residentBytes(peer.pid) / 1e6, unit: 'MB', goal: { max: 60 } },
  ];
}

/** Seconds that the page's main thread has been busy. */
async function busySeconds(session) {
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
