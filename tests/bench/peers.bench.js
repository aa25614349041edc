import { run } from '../harness/run.js';
import { program } from './programs.js';

export const title = 'Always-on programs';

export const about = `
Memory is the resident set (\`VmRSS\`) of the program alone, built for release. Signalling server: 10,000 connections from fifty
addresses of the loopback, each with a proved key, then silent. Native peer: 50 WebRTC links to small nodes of another process;
at rest, and after 4 MB were put into the network by one of them.`;

const CONNECTIONS = 10_000;

/** How long one of the two may take, in milliseconds. */
const MS = 5 * 60_000;

export async function measure() {
  const idle = await said('idle', `${CONNECTIONS}`);
  const weight = JSON.parse(await said('weight', '50'));
  const megabytes = (what) => weight[what] / 1e6;
  return [
    { what: 'server, one idle connection', ours: number(idle, /^each +([\d.]+) KB/m), unit: 'KB', goal: { max: 12 } },
    { what: 'server, connections opened and proved a second', ours: number(idle, /^opened and proved +(\d+)/m), unit: '/s' },
    { what: 'native peer, no link', ours: megabytes('none'), unit: 'MB' },
    { what: 'native peer, 50 links', ours: megabytes('linked'), unit: 'MB', goal: { max: 60 } },
    { what: 'native peer, 50 links, after 4 MB', ours: megabytes('loaded'), unit: 'MB', goal: { max: 60 } },
  ];
}

/** What one of the programs prints. */
async function said(name, ...args) {
  const { code, stdout, stderr } = await run(program(name), args, { ms: MS });
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stderr}${stdout}`);
  return stdout.toString();
}

function number(text, pattern) {
  const match = text.match(pattern);
  if (!match) throw new Error(`nothing like ${pattern} in:\n${text}`);
  return Number(match[1]);
}
