// Membership of a tag: its module, and who waits for what.

import type { Bytes } from '../bytes.js';
import { idOf, nameOf, need, needNone } from '../check.js';
import * as CODE from '../codes.js';
import { MeshError } from '../errors.js';
import { tellAll } from '../events.js';
import { attach } from '../module/attach.js';
import { FAULT, fault } from '../module/faults.js';
import type { Attached } from '../module/types.js';
import { report } from '../report.js';
import * as STATUS from '../status.js';
import type { Mesh, MessageData } from '../types.js';
import * as face from './face.js';
import type { Members, Tag, TagOptions } from './types.js';
import { ended, taken } from './words.js';

/** Of the name of a tag, in bytes: the name of its port has 15 more. */
const NAME_MAX = 240;

interface Waiting {
  resolve(): void;
  reject(error: MeshError): void;
}

/**
 * Takes part in the tag of this name, 1 to 240 bytes: members of one name find each other, and reach each other over links between members
 * alone.
 *
 * @throws MeshError BadOption, NotLoaded, NoModule, PortTaken or Closed
 */
export async function tagged(mesh: Mesh, name: string, options: TagOptions = {}): Promise<Tag> {
  nameOf(name, 'name', NAME_MAX);
  need(typeof options === 'object' && options !== null, 'tagged takes an object of options');
  const { module = new URL('../../wasm/tabmesh_tag.wasm', import.meta.url), onPublished, onReceived, onMembers, onFault, ...unknown } = options;
  needNone(unknown, 'tagged');
  for (const [option, each] of Object.entries({ onPublished, onReceived, onMembers, onFault })) {
    need(each === undefined || typeof each === 'function', `${option} is a function`);
  }
  const membership = new Membership(name, { onPublished, onReceived, onMembers });
  const attached = await attach(mesh, {
    name: `tabmesh tag v1 ${name}`,
    module,
    onEvent: (bytes) => membership.hear(bytes),
    onFault: (error) => {
      membership.end(fault(FAULT.detached));
      (onFault ?? report)(error);
    },
  });
  if (mesh.state === 'closed') throw new MeshError(CODE.closed);
  membership.begin(attached, mesh.on('closed', () => membership.end(new MeshError(CODE.closed))));
  return membership;
}

type Listeners = { [each in 'onPublished' | 'onReceived' | 'onMembers']: TagOptions[each] | undefined };

class Membership implements Tag {
  readonly name: string;
  members: Members = { linked: [], named: [] };
  readonly #listeners: Listeners;
  /** By operation; the module bounds how many are under way. */
  readonly #waiting = new Map<number, Waiting>();
  #attached: Attached | undefined;
  #unlisten: (() => void) | undefined;
  #lastOp = 0;
  #isOver = false;

  constructor(name: string, listeners: Listeners) {
    this.name = name;
    this.#listeners = listeners;
  }

  begin(attached: Attached, unlisten: () => void): void {
    this.#attached = attached;
    this.#unlisten = unlisten;
    // Its module may have stopped by now.
    if (this.#isOver) unlisten();
  }

  async publish(data: MessageData): Promise<void> {
    const bytes = taken(data, face.PUBLISH_MAX);
    return this.#ask((op) => face.publish(op, bytes));
  }

  async send(to: string, data: MessageData): Promise<void> {
    const [id, bytes] = [idOf(to), taken(data, face.SEND_MAX)];
    return this.#ask((op) => face.send(op, id, bytes));
  }

  async sendClosest(key: string, data: MessageData): Promise<void> {
    const [id, bytes] = [idOf(key), taken(data, face.SEND_MAX)];
    return this.#ask((op) => face.sendClosest(op, id, bytes));
  }

  close(): void {
    this.#attached?.close();
    this.end(fault(FAULT.detached));
  }

  /** Nothing comes of what is under way. */
  end(error: MeshError): void {
    this.#isOver = true;
    this.#unlisten?.();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting) each.reject(error);
  }

  hear(bytes: Bytes): void {
    const event = face.read(bytes);
    const { onPublished, onReceived, onMembers } = this.#listeners;
    switch (event.kind) {
      case 'members':
        this.members = event.members;
        return tellAll(onMembers ? [onMembers] : [], event.members);
      case 'published':
        return tellAll(onPublished ? [onPublished] : [], event.message);
      case 'received':
        return tellAll(onReceived ? [onReceived] : [], event.message);
      case 'ended':
        return this.#onEnded(event.op, event.status);
      case 'refused':
        // No command of this face makes no sense.
        throw new RangeError(`the tag refused a command: ${event.status}`);
    }
  }

  #onEnded(op: number, status: number): void {
    const waiting = this.#waiting.get(op);
    this.#waiting.delete(op);
    if (status === STATUS.ok) waiting?.resolve();
    else waiting?.reject(ended(status));
  }

  #ask(command: (op: number) => Bytes): Promise<void> {
    const op = this.#nextOp();
    return new Promise((resolve, reject) => {
      this.#waiting.set(op, { resolve, reject });
      try {
        if (!this.#attached) throw fault(FAULT.detached);
        this.#attached.command(command(op));
      } catch (error) {
        this.#waiting.delete(op);
        reject(error);
      }
    });
  }

  #nextOp(): number {
    do this.#lastOp = (this.#lastOp + 1) % 2 ** 32;
    while (this.#waiting.has(this.#lastOp));
    return this.#lastOp;
  }
}
