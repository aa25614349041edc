// A few nodes with keys of their own, joined by nothing but memory: what a module tells or asks another is brought at once. Engines and links
// are not there; ledger modules, shells and signatures are the real ones. For Node, where nothing is kept, and for a page, where all is.

import { concat, hex, sha256, u32, utf8 } from '../dist/bytes.js';
import { Database } from '../dist/database.js';
import { doors } from '../dist/door.js';
import { Identity } from '../dist/keys.js';
import * as INPUT from '../dist/kinds/input.js';
import * as OUTPUT from '../dist/kinds/output.js';
import * as face from '../dist/ledger/face.js';
import { readBlock } from '../dist/ledger/block.js';
import { attach } from '../dist/module/attach.js';
import { Operations } from '../dist/operations.js';
import * as STATUS from '../dist/status.js';

const PORT = 1;
const HEAD = 32 + 4 + 4 + 1;
const TICKET = HEAD + 6;
/** What is brought over the own link of who says it. */
const PROVEN = 256;

const u16 = (value) => u32(value).slice(2);
const u64 = (value) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
};

export const NETWORK = (await sha256(utf8('town'))).slice(0, 8);

/** So many nodes; their keys are kept where there is IndexedDB. */
export async function town(count) {
  const nodes = [];
  for (let index = 0; index < count; index += 1) {
    const database = globalThis.indexedDB && (await Database.open(`town:${index}`));
    nodes.push(node(nodes, index, await Identity.open(database, 0)));
  }
  return nodes;
}

function node(nodes, index, identity) {
  const input = (kind, number = 0, bytes = new Uint8Array(0)) => {
    if (kind === INPUT.ask) {
      const withinMs = new DataView(bytes.buffer, bytes.byteOffset).getUint32(36);
      const timer = setTimeout(() => door.operations.onDone(number, STATUS.timedOut, 1), withinMs);
      timer.unref?.();
    }
    if (self.isCut) return;
    if (kind === INPUT.tell) bring(bytes.slice(0, 32), OUTPUT.said, number, identity.id, bytes.slice(32));
    if (kind === INPUT.reply) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      nodes[view.getUint16(HEAD)].door.operations.onDone(view.getUint32(36), number, 2, bytes.slice(TICKET));
    }
    if (kind === INPUT.ask) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const ticket = concat(identity.id, u32(view.getUint32(36)), u32(number), Uint8Array.of(1), u16(index), new Uint8Array(4));
      queueMicrotask(() => {
        const message = door.operations.message(number);
        if (message && !bring(bytes.slice(0, 32), OUTPUT.asked, view.getUint32(32), ticket, message)) door.operations.onDone(number, STATUS.unavailable, 1);
      });
    }
  };
  const bring = (to, kind, port, id, bytes) => {
    const other = nodes.find((one) => hex(one.door.identity.id) === hex(to));
    if (!other?.door.modules || other.isCut) return false;
    other.door.modules.onEvent(kind, port, PROVEN, id, bytes);
    return true;
  };
  const linked = () => nodes.filter((other) => other !== self).map((other) => ({ id: other.mesh.id, rttMs: 1, link: 'direct' }));
  const door = { modules: undefined, state: 'joined', identity, network: NETWORK, peers: linked, input };
  door.operations = new Operations(input);
  const listeners = new Set();
  const mesh = {
    state: 'joined',
    id: identity.text,
    peers: linked,
    on: (_, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      mesh.state = door.state = 'closed';
      door.modules?.onClosed();
      for (const listener of listeners) listener();
    },
  };
  doors.set(mesh, door);
  const self = { mesh, door, isCut: false };
  return self;
}

/** The account of an id. */
const accountOf = (id) => concat(id.slice(0, 31), Uint8Array.of(id[31] & 254));
const inOrder = (one, other) => (hex(accountOf(one.door.identity.id)) < hex(accountOf(other.door.identity.id)) ? -1 : 1);

/** A genesis whose voters are these nodes, each with 100 credits; others have `balance` grains each. */
export function genesisOf(voters, others = [], { epochMs = 1000, balance = 50_000_000n, flags = 1, startsMs = Date.now() - 1000 } = {}) {
  const terms = [u32(epochMs), u32(1000), u32(1000), u32(10), u64(1_000_000), u32(384)];
  const seats = voters.toSorted(inOrder).map(({ door }) => concat(door.identity.publicKey, u64(100_000_000)));
  const accounts = others.toSorted(inOrder).map(({ door }) => concat(door.identity.id, u64(balance)));
  return concat(Uint8Array.of(1), NETWORK, u64(startsMs), Uint8Array.of(flags), ...terms, Uint8Array.of(voters.length), ...seats, ...accounts);
}

/** A voter whose store never fails; `drip` answers who asks its faucet. */
export async function voter({ mesh }, genesis, { module, drip }) {
  const blocks = [];
  const journal = [];
  const attached = await attach(mesh, {
    port: PORT,
    module,
    onEvent: (bytes) => {
      const event = face.read(bytes);
      if (event.kind === 'keep') {
        journal.push(event.record);
        attached.command(...face.kept(event.number));
      }
      if (event.kind === 'final') blocks.push(event.bytes);
      if (event.kind === 'fetch') attached.command(...face.give(event.ticket, blocks[event.height - 1] ?? new Uint8Array(0)));
      if (event.kind === 'requested') {
        const [status, operation] = drip?.() ?? [STATUS.notImplemented, new Uint8Array(0)];
        attached.command(...face.drip(event.ticket, status), operation);
      }
    },
  });
  attached.command(...face.begin(genesis));
  attached.command(...face.start(true));
  return { attached, blocks, journal, heights: () => blocks.map((bytes) => readBlock(bytes).height) };
}
