// The coordinator of jobs at its port: attached once for a mesh, for whoever asks and whoever offers.

import type { Bytes } from '../bytes.js';
import { need } from '../check.js';
import * as CODE from '../codes.js';
import { doors } from '../door.js';
import { MeshError } from '../errors.js';
import { FAULT, fault } from '../module/faults.js';
import { type Attached, attach } from '../module/index.js';
import type { AttachOptions } from '../module/types.js';
import { report } from '../report.js';
import type { Mesh } from '../types.js';
import * as face from './face.js';
import { PORT } from './receipt.js';

/** One of the two halves that the coordinator serves. */
export interface Half<E> {
  hear(event: E): void;
  /** Nothing comes any more. */
  end(error: MeshError): void;
}

const OFFERING = new Set<face.Event['kind']>(['run', 'stop', 'wantOutput', 'forget', 'fetchedInput', 'wantSteps']);

/** Commands of whoever offers have numbers from here on. */
const FIRST_OFFERING = 32;

const attached = new WeakMap<Mesh, Promise<Coordinator>>();

export class Coordinator {
  /** This node. */
  readonly self: Bytes;
  /** The first 8 bytes of the hash of the network's name. */
  readonly network: Bytes;
  asking: Half<face.AskEvent> | undefined;
  offering: Half<face.OfferEvent | Extract<face.AskEvent, { kind: 'refused' }>> | undefined;
  #attached!: Attached;
  #unlisten = (): void => undefined;

  /**
   * The one of a mesh.
   *
   * @throws MeshError as `attach` of `tabmesh/module`
   */
  static of(mesh: Mesh, module: AttachOptions['module'] = new URL('../../wasm/tabmesh_tasks.wasm', import.meta.url)): Promise<Coordinator> {
    const known = attached.get(mesh);
    if (known) return known;
    const made = Coordinator.#attach(mesh, module);
    attached.set(mesh, made);
    made.catch(() => attached.delete(mesh));
    return made;
  }

  static async #attach(mesh: Mesh, module: AttachOptions['module']): Promise<Coordinator> {
    const door = doors.get(mesh);
    need(door, 'jobs take a mesh that join of this package gave');
    const coordinator = new Coordinator(door.identity.id, door.network);
    const end = (error: MeshError): void => {
      attached.delete(mesh);
      coordinator.#end(error);
    };
    coordinator.#attached = await attach(mesh, {
      port: PORT,
      module,
      onEvent: (bytes) => coordinator.#hear(face.read(bytes)),
      onFault: (error) => {
        end(fault(FAULT.detached));
        report(error);
      },
    });
    // It may have been closed while the module came.
    if (mesh.state === 'closed') throw new MeshError(CODE.closed);
    coordinator.#unlisten = mesh.on('closed', () => end(new MeshError(CODE.closed)));
    return coordinator;
  }

  private constructor(self: Bytes, network: Bytes) {
    this.self = self;
    this.network = network;
  }

  /** @throws MeshError Closed or Detached */
  say(command: face.Command): void {
    this.#attached.command(...command);
  }

  #hear(event: face.Event): void {
    const isRefusedOffer = event.kind === 'refused' && event.command >= FIRST_OFFERING;
    if (isRefusedOffer || OFFERING.has(event.kind)) this.offering?.hear(event as face.OfferEvent);
    else this.asking?.hear(event as face.AskEvent);
  }

  #end(error: MeshError): void {
    this.#unlisten();
    this.asking?.end(error);
    this.offering?.end(error);
  }
}
