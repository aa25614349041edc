// Attaches a module to a mesh.

import { type Bytes, copyOf, kindOf, sha256, utf8, viewOf } from '../bytes.js';
import { nameOf, need, needNone, needSignal, wholeOf } from '../check.js';
import * as CODE from '../codes.js';
import { doors } from '../door.js';
import { MeshError } from '../errors.js';
import { tellAll } from '../events.js';
import { takeMessage } from '../message.js';
import { report } from '../report.js';
import type { Mesh, MessageData } from '../types.js';
import { FAULT, fault } from './faults.js';
import { command } from './flat.js';
import { Guest } from './guest.js';
import { Hub } from './hub.js';
import type { AttachOptions, Attached } from './types.js';

const NAME_MAX = 255;

/** The last of tabmesh's own ports: names have none of these. */
const OWN_LAST = 15;

/**
 * Attaches a module at its port: modules of one name and version reach each other, over as many hops as it takes.
 *
 * @throws MeshError BadOption, NotLoaded, NoModule, PortTaken or Closed; the reason of `signal`
 */
export async function attach(mesh: Mesh, options: AttachOptions): Promise<Attached> {
  const door = doors.get(mesh);
  need(door, 'attach takes a mesh that join of this package gave');
  need(typeof options === 'object' && options !== null, 'attach takes an object of options');
  const { name, port: number, version = 1, module, onEvent = ignore, onFault = report, signal, ...unknown } = options;
  needNone(unknown, 'attach');
  wholeOf(version, 0, 255, 'version');
  need([onEvent, onFault].every((each) => typeof each === 'function'), 'onEvent and onFault are functions');
  needSignal(signal);
  signal?.throwIfAborted();
  const port = await portOf(name, number);
  const guest = await Guest.make(await compiled(module, signal));
  signal?.throwIfAborted();
  const hub = Hub.of(door);
  let isClosed = false;
  const seat = hub.attach(port, version, guest, {
    onEvent: (bytes) => isClosed || tellAll([onEvent], bytes),
    onFault: (fault) => isClosed || tellAll([onFault], fault),
  });
  const close = (): void => {
    isClosed = true;
    signal?.removeEventListener('abort', close);
    hub.detach(seat);
  };
  signal?.addEventListener('abort', close);
  return {
    port,
    command: (...data: MessageData[]): void => {
      if (seat.isOver) throw mesh.state === 'closed' ? new MeshError(CODE.closed) : fault(FAULT.detached, signal?.reason);
      seat.lend(command(data.map((part) => takeMessage(part, Infinity, undefined, viewOf))));
    },
    close,
  };
}

const ignore = (): void => undefined;

/** The port of a name: the first 32 bits of its hash, which are none of tabmesh's own. */
async function portOf(name: unknown, port: unknown): Promise<number> {
  need((name === undefined) !== (port === undefined), 'either name or port says where');
  if (name === undefined) return wholeOf(port, 1, 2 ** 32 - 1, 'port');
  const hash = await sha256(utf8(nameOf(name, 'name', NAME_MAX)));
  const head = new DataView(hash.buffer).getUint32(0);
  return head > OWN_LAST ? head : head + 2 ** 31;
}

async function compiled(module: AttachOptions['module'], signal: AbortSignal | undefined): Promise<WebAssembly.Module> {
  if (kindOf(module) === 'WebAssembly.Module') return module as WebAssembly.Module;
  const bytes = kindOf(module) === 'URL' ? await fetched(module as URL, signal) : copyOf(module);
  need(bytes, `module is a URL, bytes or a WebAssembly.Module, and this is of type ${kindOf(module)}`);
  return WebAssembly.compile(bytes).catch((cause: unknown) => {
    throw fault(FAULT.noModule, cause);
  });
}

async function fetched(url: URL, signal: AbortSignal | undefined): Promise<Bytes> {
  try {
    const response = await fetch(url, { signal: signal ?? null });
    if (!response.ok) throw new Error(`${url.href} answers ${response.status}`);
    // What a server gives for whatever it has not, where a page finds its own way.
    if (response.headers.get('content-type')?.startsWith('text/html')) throw new Error(`${url.href} is a page: the module does not lie there`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw fault(FAULT.notLoaded, cause);
  }
}
