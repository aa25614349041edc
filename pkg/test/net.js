// Nodes whose doors are joined in memory: what a module at one says comes to the module of its port at another, in a later turn. Keys and
// signatures are real.

import { concat, fromHex, hex, pieces, u32 } from '../dist/bytes.js';
import { doors } from '../dist/door.js';
import * as INPUT from '../dist/kinds/input.js';
import { Identity } from '../dist/keys.js';
import * as OUTPUT from '../dist/kinds/output.js';
import { IS_HERE, IS_PROVEN } from '../dist/operations.js';
import * as STATUS from '../dist/status.js';

const LISTS = 0xffff_ffff;
const LIST_MAX = 32;
const PROVEN = 256;
const NETWORK = Uint8Array.of(0x74, 0x61, 0x62, 0x6d, 0x65, 0x73, 0x68, 0x21);
const NONE = new Uint8Array(0);

export class Net {
  /** By their ids. */
  nodes = new Map();
  /** Who stays on the list of a place. */
  #lists = new Map();
  #asks = new Map();
  #last = 0;

  /** A new node; `tap` may change what it asks: `({ port, to, message }) => message`, or nothing to lose it. */
  async join({ tap = ({ message }) => message } = {}) {
    const identity = await Identity.open(undefined, 0);
    const listeners = new Set();
    const mesh = { id: identity.text, state: 'joined', on: (event, listener) => (event === 'closed' ? listeners.add(listener) : 0, () => listeners.delete(listener)) };
    const node = { mesh, identity, ports: new Set(), linked: new Set(), tap, listeners };
    node.door = {
      modules: undefined,
      state: 'joined',
      identity,
      network: NETWORK,
      peers: () => [...node.linked].map((id) => ({ id, rttMs: 1, link: 'webrtc' })),
      input: (kind, number = 0, bytes = NONE) => this.#input(node, kind, number, bytes),
      operations: { begin: (kind, bytes, end, message) => this.#ask(node, bytes, end, message), cancel: (number) => void this.#asks.delete(number) },
    };
    doors.set(mesh, node.door);
    this.nodes.set(identity.text, node);
    return node;
  }

  /** A node is gone, as if its tab was closed. */
  leave(node) {
    this.nodes.delete(node.mesh.id);
    node.mesh.state = node.door.state = 'closed';
    node.door.modules?.onClosed();
    for (const listener of [...node.listeners]) listener();
    for (const list of this.#lists.values()) list.delete(node.mesh.id);
    for (const id of node.linked) this.#unlink(this.nodes.get(id), node);
  }

  #unlink(node, other) {
    if (!node?.linked.delete(other.mesh.id)) return;
    this.#tell(node, OUTPUT.peerDown, 0, 3, other.identity.id, NONE);
  }

  #tell(node, ...event) {
    setImmediate(() => this.nodes.has(node.mesh.id) && node.door.modules?.onEvent(...event));
  }

  #input(node, kind, number, bytes) {
    if (kind === INPUT.open) node.ports = new Set(pieces(bytes, 5).map((entry) => new DataView(entry.buffer, entry.byteOffset).getUint32(0)));
    else if (kind === INPUT.hold) for (const id of pieces(bytes, 32)) this.#link(node, this.nodes.get(hex(id)));
    else if (kind === INPUT.tell) this.#said(node, number, bytes);
    else if (kind === INPUT.reply) this.#replied(node, number, bytes);
  }

  #link(node, other) {
    if (!other || node === other || node.linked.has(other.mesh.id)) return;
    for (const [one, two] of [[node, other], [other, node]]) {
      one.linked.add(two.mesh.id);
      this.#tell(one, OUTPUT.peerUp, 0, 0, two.identity.id, NONE);
      this.#tell(one, OUTPUT.ports, 0, 0, two.identity.id, concat(...[...two.ports].map((port) => concat(u32(port), Uint8Array.of(1)))));
    }
  }

  #said(node, port, bytes) {
    const to = this.nodes.get(hex(bytes.slice(0, 32)));
    if (to) this.#tell(to, OUTPUT.said, port, PROVEN, node.identity.id, bytes.slice(32));
  }

  #ask(node, wish, end, message) {
    const view = new DataView(wish.buffer, wish.byteOffset);
    const [to, port, number] = [hex(wish.slice(0, 32)), view.getUint32(32), (this.#last += 1)];
    this.#asks.set(number, { end, node });
    const own = message && Uint8Array.from(message);
    if (port === LISTS) this.#listed(node, number, to, wish.at(-1) === 1);
    else this.#asked(node, number, this.nodes.get(to), port, own, wish.slice(36, 40));
    return number;
  }

  #listed(node, number, place, stays) {
    const list = this.#lists.get(place) ?? new Set();
    this.#lists.set(place, list);
    if (stays) list.add(node.mesh.id);
    const ids = [...list].slice(0, LIST_MAX).map((id) => fromHex(id, 32));
    this.#end(number, STATUS.ok, IS_PROVEN, concat(...ids));
  }

  #asked(node, number, to, port, message, within) {
    if (!to) return this.#end(number, STATUS.unavailable, IS_HERE, NONE);
    if (!to.ports.has(port)) return this.#end(number, STATUS.notImplemented, IS_PROVEN, NONE);
    const tapped = node.tap({ port, to, message });
    if (!tapped) return;
    const ticket = concat(node.identity.id, within, u32(number), Uint8Array.of(0));
    this.#tell(to, OUTPUT.asked, port, PROVEN, ticket, tapped);
  }

  #replied(node, status, bytes) {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(36);
    this.#end(number, status, IS_PROVEN, bytes.slice(41));
  }

  #end(number, status, more, bytes) {
    setImmediate(() => {
      const asking = this.#asks.get(number);
      this.#asks.delete(number);
      asking?.end({ status, more, ids: [], bytes });
    });
  }
}
