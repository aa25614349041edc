// A native peer: the program `tabmesh`, and its commands against the running node.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Part } from './part.js';
import { native } from './places.js';
import { run } from './run.js';
import { until } from './wait.js';

export class NativePeer {
  #program;
  #args;
  #log;
  #namespace;
  #addressFile;
  #part;
  #inputs = 0;

  constructor({ name, dir, log, args, namespace, data = join(dir, name), program = native() }) {
    this.#program = program;
    this.name = name;
    this.dir = dir;
    this.data = data;
    this.#args = args;
    this.#log = log;
    this.#namespace = namespace;
    this.#addressFile = join(dir, `${name}.address`);
  }

  /** Starts the node and waits until it answers; again after {@link kill} or {@link stop}, with the same data. */
  async start(ms) {
    rmSync(this.#addressFile, { force: true });
    const listen = this.#args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const args = ['run', '--data-dir', this.data, ...listen, '--address-file', this.#addressFile, ...this.#args];
    this.#part = new Part(this.#program, args, { log: this.#log, namespace: this.#namespace });
    const address = await this.#part.fileLine(this.#addressFile, ms);
    this.http = `http://${address}`;
    this.url = `ws://${address}`;
    this.id = await until(ms, `${this.name} telling its id`, async () => (await this.status()).id);
  }

  /** How it goes: what `tabmesh status --json` says. */
  async status() {
    return JSON.parse(await this.#text(['status', '--json']));
  }

  /** Its links: what `tabmesh peers --json` says, with the kind of each called `link`, as the npm package does. */
  async peers() {
    const peers = JSON.parse(await this.#text(['peers', '--json']));
    return peers.map((peer) => ({ ...peer, link: peer.kind }));
  }

  /** Waits until it has at least `count` links. */
  async linked(count, ms = 20_000) {
    return until(ms, `${this.name} having ${count} links`, async () => {
      const peers = await this.peers();
      return peers.length >= count && peers;
    });
  }

  /** Puts bytes into the network; what `tabmesh put --json` says, the CID among it. */
  put(bytes, ms = 60_000) {
    return this.#put(bytes, ms, 0);
  }

  /** Puts bytes while nobody else is there to hold them, which the command tells by its exit code. */
  putAlone(bytes, ms = 60_000) {
    return this.#put(bytes, ms, 5);
  }

  async #put(bytes, ms, exitCode) {
    const file = join(this.dir, `${this.name}-input-${(this.#inputs += 1)}`);
    writeFileSync(file, bytes);
    const said = JSON.parse(await this.#text(['put', '--json', file], ms, exitCode));
    rmSync(file);
    return said.put;
  }

  /** Fetches content: its bytes. */
  async get(cid, ms = 60_000) {
    const { code, stdout, stderr } = await this.command(['get', cid], { ms });
    if (code !== 0) throw new Error(`tabmesh get ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Runs one command of `tabmesh` against this node. */
  command(args, options) {
    return run(native(), [...args, '--data-dir', this.data], options);
  }

  /** Says goodbye and ends. */
  stop() {
    return this.#part.stop();
  }

  /** `kill -9`. */
  kill() {
    return this.#part.kill();
  }

  /** Number of its process. */
  get pid() {
    return this.#part.child.pid;
  }

  /** Whether the program runs. */
  get isRunning() {
    return this.#part.isRunning;
  }

  async #text(args, ms = 10_000, exitCode = 0) {
    const { code, stdout, stderr } = await this.command(args, { ms });
    if (code !== exitCode) throw new Error(`tabmesh ${args[0]} ended with ${code}: ${stderr}`);
    return stdout.toString();
  }
}
