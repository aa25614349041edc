import { ROOT } from '../harness/places.js';
import { run } from '../harness/run.js';

export const title = 'Always-on programs';

export const about = `
Memory is the resident set (\`VmRSS\`) of the program alone. Signalling server, built for release: 10,000 connections from fifty
addresses of the loopback, each with a proved key, then silent. Native peer, built for development: 50 WebRTC links and more to
small nodes of another process; at rest, and after 20 MB were put into the network through them.`;

const CONNECTIONS = 10_000;

/** How long one of the two may take, compiling included, in milliseconds. */
const MS = 14 * 60_000;

export async function measure() {
  const idle = await cargo('run', '--release', '--package', 'tabmesh-signalling', '--example', 'idle', '--', `${CONNECTIONS}`);
  const weight = await cargo('test', '--package', 'tabmesh-native', '--test', 'weight', '--', '--ignored', '--nocapture');
  const megabytes = (pattern) => number(weight, pattern) / 1e6;
  return [
    { what: 'server, one idle connection', ours: number(idle, /^each +([\d.]+) KB/m), unit: 'KB', goal: { max: 12 } },
    { what: 'server, connections opened and proved a second', ours: number(idle, /^opened and proved +(\d+)/m), unit: '/s' },
    { what: 'native peer, no link', ours: megabytes(/^alone: (\d+)/m), unit: 'MB' },
    { what: 'native peer, 50 links', ours: megabytes(/^\d+ links: (\d+)/m), unit: 'MB', goal: { max: 60 } },
    { what: 'native peer, 50 links, after 20 MB', ours: megabytes(/^\d+ links, after 20 MB: (\d+)/m), unit: 'MB', goal: { max: 60 } },
  ];
}

async function cargo(...args) {
  const { code, stdout, stderr } = await run('cargo', args, { cwd: ROOT, ms: MS });
  if (code !== 0) throw new Error(`cargo ${args.join(' ')} ended with ${code}:\n${stderr}\n${stdout}`);
  return stdout.toString();
}

function number(text, pattern) {
  const match = text.match(pattern);
  if (!match) throw new Error(`nothing like ${pattern} in:\n${text}`);
  return Number(match[1]);
}
