// Browsers and their tabs.

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { startFirefox } from './firefox.js';
import { chromium as executable } from './places.js';
import { until, within } from './wait.js';

/** How long a page may take to load, in milliseconds. */
const LOAD_MS = 20_000;

/** No calls home, no GPU; host candidates as addresses, because native peers do not speak mDNS. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const startChromium = (...flags) => chromium.launch({ executablePath: executable(), args: [...FLAGS, ...flags], chromiumSandbox: false });

/** The optimising ones compile WebAssembly with their optimising compiler at once, and with no other. */
const START = {
  chromium: () => startChromium(),
  firefox: () => startFirefox(),
  'chromium-optimising': () => startChromium('--js-flags=--no-liftoff'),
  'firefox-optimising': () => startFirefox({ 'javascript.options.wasm_baselinejit': false }),
};

/** Collects every RTCPeerConnection that a page makes, so that a scenario can ask how it runs. */
function watchConnections() {
  const connections = [];
  globalThis.tabmeshConnections = connections;
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      connections.push(this);
    }
  };
}

export class Browser {
  #browser;
  #kind;
  #logs;
  #tabs = 0;

  /** Starts a browser, 'chromium' or 'firefox', or `-optimising`; what pages say goes to files in `logs`. */
  static async start(logs, kind = 'chromium') {
    const browser = new Browser();
    browser.#logs = logs;
    browser.#kind = kind;
    browser.#browser = await START[kind]();
    return browser;
  }

  /** A new page in a profile of its own, or in that of the tab `beside`; at `url`. */
  async page({ beside, name = `${this.#kind}-tab-${(this.#tabs += 1)}`, url }) {
    const context = beside ? beside.page.context() : await this.#browser.newContext({ acceptDownloads: true });
    if (!beside) await context.addInitScript(watchConnections);
    const page = await context.newPage();
    const note = (line) => appendFileSync(join(this.#logs, `${name}.log`), `${line}\n`);
    page.on('console', (message) => note(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => note(`error nobody caught: ${error.stack ?? error}`));
    page.on('crash', () => note('the page crashed'));
    page.setDefaultTimeout(LOAD_MS);
    await page.goto(url);
    return page;
  }

  /** A tab with the npm package in it. */
  async tab(pages, { beside, name } = {}) {
    const page = await this.page({ beside, name, url: `${pages.origin}/` });
    await page.waitForFunction(() => globalThis.lab !== undefined);
    return new Tab(page);
  }

  close() {
    return this.#browser.close();
  }
}

/** A tab that runs `lab.js`. */
export class Tab {
  constructor(page) {
    this.page = page;
  }

  /** Joins the network; resolves once the tab is part of it. */
  async join(options, ms = 30_000) {
    this.id = await within(ms, 'joining', this.call('join', options));
    return this.id;
  }

  /** Calls a function of `lab.js`. */
  call(action, ...args) {
    return this.page.evaluate(([name, values]) => globalThis.lab[name](...values), [action, args]);
  }

  put(seed, size, ms = 60_000) {
    return within(ms, 'putting', this.call('put', seed, size));
  }

  get(cid, ms = 60_000) {
    return within(ms, 'getting', this.call('get', cid));
  }

  peers() {
    return this.call('peers');
  }

  /** Waits until it is linked to `id`; the link. */
  linkedTo(id, ms = 20_000) {
    return until(ms, `a link to ${id.slice(0, 8)}`, async () => (await this.peers()).find((peer) => peer.id === id));
  }

  /** Waits until it has at least `count` links. */
  linked(count, ms = 20_000) {
    return until(ms, `${count} links`, async () => {
      const peers = await this.peers();
      return peers.length >= count && peers;
    });
  }

  /** Closes the tab as a person does: nobody asks it first. */
  close() {
    return this.page.close();
  }
}
