import { type Signal, signal } from '@preact/signals';
import type { Mesh } from 'tabmesh';
import type { Offer, OfferOptions, OfferState } from 'tabmesh/job';
import type { Device } from './device.ts';
import { type Trouble, isCancel, troubleOf } from '../words.ts';

/** What a person lets this device give; remembered until it is changed. */
export interface Consent {
  readonly isGiven: boolean;
  readonly cores: number;
  readonly memoryMiB: number;
  /** Also while nobody can see the page. */
  readonly whenHidden: boolean;
}

/** The package's function for executors. */
export type OfferTo = (mesh: Mesh, options: OfferOptions) => Promise<Offer>;

/** Where consent is kept. */
const KEY = 'tabmesh:offer';

/** What this tab computes for others, by its person's consent. */
export class Offering {
  readonly consent: Signal<Consent>;
  /** As many cores as can be given: one is left for the page. */
  readonly coresMax: number;
  readonly state = signal<OfferState | null>(null);
  readonly trouble = signal<Trouble | null>(null);
  readonly #offer: () => Promise<OfferTo>;
  readonly #joined: (signal: AbortSignal) => Promise<Mesh>;
  readonly #device: Device;
  #current = new AbortController();

  constructor(offer: () => Promise<OfferTo>, joined: (signal: AbortSignal) => Promise<Mesh>, device: Device) {
    this.#offer = offer;
    this.#joined = joined;
    this.#device = device;
    this.coresMax = Math.max(1, device.cores - 1);
    this.consent = signal(read(device.store, this.coresMax));
    device.onSight(() => {
      if (!this.consent.value.whenHidden) this.resume();
    });
  }

  /** Offers if a person said so before, and not while the page is hidden unless that was said too. */
  resume(): void {
    this.#current.abort();
    this.#current = new AbortController();
    this.state.value = null;
    const { isGiven, whenHidden } = this.consent.value;
    if (isGiven && (whenHidden || this.#device.isSeen())) void this.#run(this.#current.signal);
  }

  /** A person decides. What was under way ends, and begins again as it is now. */
  change(part: Partial<Consent>): void {
    const consent = { ...this.consent.value, ...part };
    this.consent.value = consent;
    try {
      this.#device.store?.setItem(KEY, JSON.stringify(consent));
    } catch {
      // Then it is asked again after a reload.
    }
    this.resume();
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.trouble.value = null;
    try {
      const offer = await this.#offer();
      await this.#device.alone(signal, async () => this.#serve(offer, await this.#joined(signal), signal));
    } catch (error) {
      if (!signal.aborted && !isCancel(error)) this.trouble.value = troubleOf(error, 'Switch it off and on again.');
    }
  }

  /** Offers until the signal, or the mesh's end: then the next mesh gets it. */
  async #serve(offer: OfferTo, mesh: Mesh, signal: AbortSignal): Promise<void> {
    const { cores, memoryMiB, whenHidden } = this.consent.value;
    const current = await offer(mesh, { cores, memoryMiB, when: whenHidden ? 'always' : 'visible' });
    const show = (state: OfferState): void => {
      if (!signal.aborted) this.state.value = state;
    };
    show(current.state);
    current.on('change', show);
    const isClosed = await new Promise<boolean>((resolve) => {
      mesh.on('closed', () => resolve(true));
      if (signal.aborted) resolve(false);
      signal.addEventListener('abort', () => resolve(false));
    });
    current.stop();
    if (isClosed && !signal.aborted) await this.#serve(offer, await this.#joined(signal), signal);
  }
}

function read(store: Device['store'], coresMax: number): Consent {
  const none = { isGiven: false, cores: coresMax, memoryMiB: 256, whenHidden: false };
  try {
    const { isGiven, cores, memoryMiB, whenHidden } = JSON.parse(store?.getItem(KEY) ?? '{}') as Partial<Consent>;
    const within = (value: unknown, most: number, usual: number): number =>
      Number.isInteger(value) && Number(value) >= 1 ? Math.min(Number(value), most) : usual;
    return {
      isGiven: isGiven === true,
      cores: within(cores, coresMax, none.cores),
      memoryMiB: within(memoryMiB, 4096, none.memoryMiB),
      whenHidden: whenHidden === true,
    };
  } catch {
    return none;
  }
}
