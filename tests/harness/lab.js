// Runs in the page: the npm package behind calls whose arguments and results can cross into Node.js.

import { join, runTask, stepTask, taskStatusNumbers } from 'tabmesh';

import { bytesOfHex, seededBytes, sha256 } from './bytes.js';

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

let mesh;
const heard = [];
const topics = new Map();
const said = [];

/** Every RTCPeerConnection that the page made; `watch.js` collects them. */
const connections = () => globalThis.tabmeshConnections ?? [];

function read({ module, input = '', gas, time = '0', seed = '00'.repeat(32), piece, state, ...options }) {
  const settings = { ...options, gas: BigInt(gas), time: BigInt(time), seed: bytesOfHex(seed), pieceBytes: piece };
  return { module: bytesOf(module), input: bytesOf(input), state: state === undefined ? undefined : bytesOf(state), settings };
}

/** A task, or the one step of it that begins with a state. */
async function run({ module, input, state, settings }) {
  const result = state ? stepTask(module, state, input, settings) : runTask(module, input, settings);
  const { status, code, gasUsed, output, id, refusal } = await result;
  const used = String(gasUsed);
  return { status: taskStatusNumbers[status], code, offset: refusal?.offset ?? 0, used, sha256: await sha256(output), id };
}

let labels = 0;

/** The module with a custom section that tells it from all others, and does nothing else. */
function labelled(module) {
  const label = new TextEncoder().encode(String((labels += 1)).padStart(8, '0'));
  return Uint8Array.of(...module, 0, label.length + 1, label.length, ...label);
}

globalThis.lab = {
  /** Joins; the node's id. */
  async join(options) {
    mesh = await join(options);
    mesh.on('message', (message) => heard.push({ from: message.from, bytes: Array.from(message.bytes) }));
    return mesh.id;
  },

  /** For what is tried in the page itself. */
  mesh: () => mesh,
  state: () => mesh.state,
  peers: () => mesh.peers().map(({ id, link, profile, rttMs, neighbour }) => ({ id, link, profile, rttMs, neighbour })),
  neighbourhood: () => mesh.neighbourhood(),
  close: () => mesh.close(),
  find: (target) => mesh.find(target),

  /** Puts `size` bytes of `seed`; what `put` says, and how many times progress was told. */
  async put(seed, size, options = {}) {
    let told = 0;
    const { cid, blocks, holders } = await mesh.put(seededBytes(seed, size), { ...options, onProgress: () => (told += 1) });
    return { cid, size, blocks, holders, told };
  },

  /** Fetches content; its size and SHA-256. */
  async get(cid) {
    const bytes = await (await mesh.get(cid)).bytes();
    return { size: bytes.length, sha256: await sha256(bytes) };
  },

  /** The code and the sentence that an action fails with; `undefined` when it does not fail. */
  async failure(action, ...args) {
    try {
      await globalThis.lab[action](...args);
      return undefined;
    } catch (error) {
      return { name: error.name, code: error.code, message: error.message };
    }
  },

  send: (to, bytes) => mesh.send(to, Uint8Array.from(bytes)),
  heard: () => heard,

  async subscribe(name) {
    const topic = await mesh.topic(name);
    topic.on('message', ({ from, text }) => said.push({ topic: name, from, text }));
    topics.set(name, topic);
  },
  publish: (name, text) => topics.get(name).publish(text),
  leave: (name) => topics.get(name).leave(),
  /** What was heard in topics, in the order of its coming. */
  said: () => said,

  /** How each open connection really runs: the types of the candidates at both ends of the pair in use. */
  async routes() {
    const routes = [];
    for (const connection of connections().filter((one) => one.connectionState === 'connected')) {
      const stats = await connection.getStats();
      const all = [...stats.values()];
      const transport = all.find((one) => one.type === 'transport');
      const pair = stats.get(transport?.selectedCandidatePairId);
      if (!pair) continue;
      const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
      routes.push({ local: local.candidateType, remote: remote.candidateType, received: transport.bytesReceived });
    }
    return routes;
  },

  /** Runs a task as the vectors write it: bytes in base64, the seed in hexadecimal, large numbers as texts; so is what comes of it. */
  runTask: (task) => run(read(task)),

  /** Runs a task as often as said, one run after another, every second time as a module never seen before; what came of them. */
  async runTasks(task, count) {
    const outcomes = new Set();
    const again = read(task);
    for (let done = 0; done < count; done += 1) {
      const { status, used, sha256 } = await run(done % 2 === 0 ? again : { ...again, module: labelled(again.module) });
      outcomes.add(`${status} ${used} ${sha256}`);
    }
    return [...outcomes];
  },

  /** Connections that were made and not closed. */
  connections: () => connections().filter((one) => one.connectionState !== 'closed').length,
};
