// A network for one scenario: its signalling server, native peers and tabs, in a folder of its own.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { Browser } from './browser.js';
import { NativePeer } from './native.js';
import { Part } from './part.js';
import { RESULTS, signalling, web } from './places.js';
import { PageServer } from './pages.js';
import { within } from './wait.js';

/** How long a part may take from its start until it is ready, in milliseconds. */
const START_MS = 20_000;

/** How long taking everything down may take, in milliseconds. */
const CLOSE_MS = 60_000;

/**
 * A test called `name` that gets a {@link Network} and may take `ms` milliseconds.
 *
 * Whatever it starts is stopped; when it fails, what every part said is kept in `tests/results/`.
 */
export function scenario(name, ms, body) {
  test(name, { timeout: ms + CLOSE_MS }, async (t) => {
    const net = new Network();
    try {
      await within(ms, `“${name}”`, body(net, t));
    } catch (error) {
      t.diagnostic(`what every part said: ${net.keepLogs(name)}`);
      throw error;
    } finally {
      await within(CLOSE_MS, 'stopping every part', net.close());
    }
  });
}

export class Network {
  #parts = [];
  #afterwards = [];
  #browsers = new Map();
  #pages;

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'tabmesh-'));
    this.logs = join(this.dir, 'logs');
    mkdirSync(this.logs);
  }

  /** Starts a signalling server that serves the web app too; `{ http, url, part }`. */
  async startSignalling(args = [], { namespace, host = 'localhost' } = {}) {
    const file = join(this.dir, `signalling-${this.#parts.length}.address`);
    const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const part = this.#keep(
      new Part(signalling(), [...listen, '--web', web(), '--address-file', file, ...args], {
        log: join(this.logs, 'signalling.log'),
        namespace,
      }),
    );
    const address = await part.fileLine(file, START_MS);
    const port = address.slice(address.lastIndexOf(':') + 1);
    this.signalling = { part, port, http: `http://${host}:${port}`, url: `ws://${host}:${port}/signal` };
    return this.signalling;
  }

  /** Starts a native peer that knows the signalling server, unless told other ways to `join`. */
  async startPeer({ name = `peer-${this.#parts.length}`, join: ways = this.#waysIn(), args = [], data, namespace, program } = {}) {
    const log = join(this.logs, `${name}.log`);
    const peer = new NativePeer({ name, dir: this.dir, log, args: [...ways, ...args], data, namespace, program });
    this.#keep(peer);
    await peer.start(START_MS);
    return peer;
  }

  /** Starts some other program. */
  startProgram(program, args, { namespace } = {}) {
    const name = `program-${this.#parts.length}`;
    return this.#keep(new Part(program, args, { log: join(this.logs, `${name}.log`), namespace }));
  }

  /** Has something closed once every part is down. */
  closeAfterwards(something) {
    this.#afterwards.push(something);
    return something;
  }

  /** Starts a signalling server and `count` native peers, and waits until those are linked. */
  async startPeers(count) {
    if (!this.signalling) await this.startSignalling();
    const peers = [];
    for (let number = 1; number <= count; number += 1) peers.push(await this.startPeer({ name: `peer-${number}` }));
    if (count > 1) await Promise.all(peers.map((peer) => peer.linked(count - 1)));
    return peers;
  }

  /**
   * Opens a page that has the npm package, in a browser profile of its own (no storage shared with other tabs) unless
   * `beside` names a tab to share with. It has not joined yet.
   */
  async tab({ beside, name, browser } = {}) {
    return (await this.browser(browser)).tab(await this.pages(), { beside, name });
  }

  /** A tab that has joined through the signalling server. */
  async joinedTab(options = {}) {
    const tab = await this.tab(options);
    await tab.join({ signalling: this.signalling.url, ...options.join });
    return tab;
  }

  /** A browser, 'chromium' or 'firefox', started when first asked for. */
  async browser(kind = 'chromium') {
    if (!this.#browsers.has(kind)) this.#browsers.set(kind, Browser.start(this.logs, kind));
    return this.#browsers.get(kind);
  }

  /** The server of the test pages. */
  async pages() {
    this.#pages ??= PageServer.start();
    return this.#pages;
  }

  #waysIn() {
    return this.signalling ? ['--signalling', this.signalling.url] : [];
  }

  #keep(part) {
    this.#parts.push(part);
    return part;
  }

  /** Copies the logs to where they stay; gives the folder. */
  keepLogs(name) {
    const kept = join(RESULTS, name.replace(/[^\w]+/g, '-').slice(0, 80));
    rmSync(kept, { recursive: true, force: true });
    cpSync(this.logs, kept, { recursive: true });
    return kept;
  }

  /** Stops everything, last started first; the first thing that would not stop is told once all is down. */
  async close() {
    const troubles = [];
    const attempt = (work) => work.catch((error) => troubles.push(error));
    for (const browser of this.#browsers.values()) await attempt(browser.then((started) => started.close()));
    if (this.#pages) await attempt(this.#pages.then((pages) => pages.close()));
    for (const part of this.#parts.toReversed()) await attempt(part.stop());
    for (const something of this.#afterwards) await attempt((async () => something.close())());
    rmSync(this.dir, { recursive: true, force: true });
    if (troubles.length > 0) throw troubles[0];
  }
}
