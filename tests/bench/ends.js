// Two ends side by side, each a tab or a native process, linked by the bare platform or by tabmesh.
//
// Both kinds of end take the same calls: `call(way, action, ...args)`, where `way` is 'bare' or 'ours' and the actions
// are those of bare.js and ours.js in a page, of `node-native/examples/link_end` in a process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { WebSocketServer } from 'ws';

import { page } from '../harness/pages.js';
import { until, within } from '../harness/wait.js';
import { program } from './programs.js';

/** How long a pair may take to link, in milliseconds. */
const LINK_MS = 20_000;

/** How long one call may take, in milliseconds. */
const CALL_MS = 60_000;

/** A page with both ways in it, in a profile of its own. */
export async function benchPage(net) {
  const pages = await net.pages();
  pages.add('/bench', page(`import '/bench/bare.js'; import '/bench/ours.js';`));
  const tab = await (await net.browser()).page({ url: `${pages.origin}/bench` });
  await tab.waitForFunction(() => globalThis.bare && globalThis.ours);
  return tab;
}

/** Calls a function of bare.js or ours.js in a page. */
export const call = (tab, way, action, ...args) =>
  tab.evaluate(([object, name, values]) => globalThis[object][name](...values), [way, action, args]);

/** How long a process may take to end, in milliseconds. */
const END_MS = 5000;

class TabEnd {
  static async open(net) {
    const end = new TabEnd();
    end.tab = await benchPage(net);
    return end;
  }

  call(way, action, ...args) {
    return within(CALL_MS, `${action} in a tab`, call(this.tab, way, action, ...args));
  }

  async close() {
    await this.tab.context().close();
  }
}

class NativeEnd {
  #child;
  #ended;
  #lines;

  static async open() {
    const end = new NativeEnd();
    end.#child = spawn(program('link_end'), { stdio: ['pipe', 'pipe', 'inherit'] });
    end.#ended = once(end.#child, 'exit');
    // What is written to a process that ended shows as a missing answer.
    end.#child.stdin.on('error', () => {});
    end.#lines = createInterface({ input: end.#child.stdout })[Symbol.asyncIterator]();
    return end;
  }

  get pid() {
    return this.#child.pid;
  }

  async call(way, action, ...args) {
    this.#child.stdin.write(`${JSON.stringify({ way, action, args })}\n`);
    const { value: line } = await within(CALL_MS, `${way} ${action} in a native process`, this.#lines.next());
    if (line === undefined) throw new Error(`the native process ended before it answered ${action}`);
    const { value, error } = JSON.parse(line);
    if (error !== undefined) throw new Error(`${action} in a native process: ${error}`);
    return value;
  }

  async close() {
    this.#child.stdin.end();
    try {
      await within(END_MS, 'a native process ending', this.#ended);
    } catch (error) {
      this.#child.kill('SIGKILL');
      throw error;
    }
  }
}

const KINDS = { tab: TabEnd, native: NativeEnd };

/**
 * Links a fresh end of each of `kinds`, 'tab' or 'native', by `way`; the second one dials. `{ ends, way, ms }`, where
 * `ms` is what opening took from the first signalling byte.
 */
export const linkedPair = (net, kinds, way) =>
  openPair(net, kinds, way, (ends) => (way === 'bare' ? linkBare(ends) : linkOurs(net, ends)));

/** The same over a WebSocket; the first of `kinds` is 'native', which accepts it. */
export const socketPair = (net, kinds, way) => openPair(net, kinds, way, (ends) => linkSocket(ends, way));

async function openPair(net, kinds, way, link) {
  const ends = [];
  try {
    for (const kind of kinds) ends.push(await KINDS[kind].open(net));
    const ms = await link(ends);
    return { ends, way, ms };
  } catch (error) {
    await Promise.allSettled(ends.map((end) => end.close()));
    throw error;
  }
}

/** Closes both ends of a pair. */
export const closePair = ({ ends }) => Promise.all(ends.map((end) => end.close()));

async function linkBare([listener, dialler]) {
  const { url, close } = await relay();
  try {
    await listener.call('bare', 'listen', url);
    return await within(LINK_MS, 'linking the bare pair', dialler.call('bare', 'dial', url));
  } finally {
    close();
  }
}

async function linkSocket([acceptor, dialler], way) {
  const url = await acceptor.call(way, 'accept', 'bench');
  await within(LINK_MS, `linking the ${way} pair by a WebSocket`, dialler.call(way, 'connect', url, 'bench'));
}

let networks = 0;

async function linkOurs(net, [listener, dialler]) {
  // Nobody of an earlier pair may be met.
  const where = [net.signalling.url, `bench-${(networks += 1)}`];
  const before = await provedAt(net.signalling);
  await listener.call('ours', 'listen', ...where);
  // The first node waits at the server until somebody comes; if it came second, it would be the one that dials.
  await until(LINK_MS, 'the listener at the server', async () => (await provedAt(net.signalling)) > before);
  return within(LINK_MS, 'linking our pair', dialler.call('ours', 'dial', ...where));
}

/** How many peers have ever proved their key to the signalling server. */
async function provedAt({ http }) {
  const text = await (await fetch(`${http}/metrics`)).text();
  return Number(text.match(/^tabmesh_signalling_proved_total (\d+)$/m)[1]);
}

/** A WebSocket relay for a bare pair: hands every message to the other one who is connected. */
async function relay() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data) => {
      for (const other of server.clients) if (other !== socket) other.send(data.toString());
    });
  });
  const close = () => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  return { url: `ws://127.0.0.1:${server.address().port}`, close };
}
