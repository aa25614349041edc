// Two tabs side by side: one pair linked by the bare platform, one through the package.

import { once } from 'node:events';

import { WebSocketServer } from 'ws';

import { page } from '../harness/pages.js';
import { until, within } from '../harness/wait.js';

/** How long a pair may take to link, in milliseconds. */
const LINK_MS = 20_000;

/** A WebSocket relay for the bare pair: hands every message to everybody else who is connected. */
export async function relay() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', (socket) => {
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

/** Links two fresh tabs by the bare platform; `{ tabs: [listener, dialler], ms }`. */
export async function barePair(net, url) {
  const tabs = [await benchPage(net), await benchPage(net)];
  await call(tabs[0], 'bare', 'listen', url);
  const ms = await within(LINK_MS, 'linking the bare pair', call(tabs[1], 'bare', 'dial', url));
  return { tabs, ms };
}

/** Links two fresh tabs through the package; `{ tabs: [listener, dialler], ids, ms }`. */
export async function ourPair(net) {
  const signalling = net.signalling.url;
  const tabs = [await benchPage(net), await benchPage(net)];
  const first = await call(tabs[0], 'ours', 'listen', { signalling });
  // The first node waits at the server until somebody comes.
  await until(LINK_MS, 'the first tab at the server', async () => (await fetch(`${net.signalling.http}/metrics`)).ok);
  const ms = await within(LINK_MS, 'linking our pair', call(tabs[1], 'ours', 'dial', { signalling }));
  const [{ id: other, link }] = await call(tabs[0], 'ours', 'peers');
  if (link !== 'webrtc') throw new Error(`the tabs are linked by ${link}`);
  return { tabs, ids: [first, other], ms };
}

/** Closes the pages of a pair. */
export const closePair = ({ tabs }) => Promise.all(tabs.map((tab) => tab.context().close()));
