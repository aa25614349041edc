// This tab runs tasks of others, as long as whoever sits before it wants that.

import { type Bytes, NO_BYTES, fromHex, hex, utf8 } from '../bytes.js';
import { nameOf, need, wholeOf } from '../check.js';
import type { MeshError } from '../errors.js';
import { report } from '../report.js';
import { workersAtOnce } from '../task/host.js';
import { INPUT_BYTES_MAX, MODULE_BYTES_MAX } from '../task/limits.js';
import { settleInvocation } from '../task/options.js';
import { thePool } from '../task/pool.js';
import type { Mesh } from '../types.js';
import { count } from './account.js';
import { Coordinator } from './coordinator.js';
import { Executor, type Limits } from './executor.js';
import * as face from './face.js';
import { hashNow } from './hash.js';
import { CORES_MAX, OWNER_BYTES_MAX, PREFERRED_MAX, REQUESTERS_COUNTED_MAX } from './limits.js';
import { Listeners } from './listeners.js';
import { needOnly } from './module.js';
import { nowAndThen } from './now-and-then.js';
import { watchdogMs } from './own-run.js';
import { Pace } from './pace.js';
import { settlePrice } from './price.js';
import { theBook } from './records.js';
import type { Offer, OfferOptions, OfferState } from './types.js';
import { WORD, wrong } from './words.js';

const GAS_USUAL = 100_000_000_000n;
const MEMORY_USUAL_MIB = 256;
const MEMORY_MAX_MIB = 4_096;
const BYTES_AN_HOUR_USUAL = 1 << 30;

const SECONDS_USUAL = 60;
const SECONDS_MAX = 86_400;

const OPTIONS = [
  'cores',
  'gas',
  'memoryMiB',
  'moduleBytes',
  'inputBytes',
  'bytesAnHour',
  'seconds',
  'givesWay',
  'owner',
  'leastPrice',
  'when',
  'onAsk',
  'coordinator',
];

/** Meshes that offer. */
const offering = new WeakSet<Mesh>();

/**
 * Runs tasks of other nodes in this tab: only where whoever sits before it said so.
 *
 * @throws MeshError BadOption, Offering; as `attach` of `tabmesh/module`
 */
export async function offer(mesh: Mesh, options: OfferOptions = {}): Promise<Offer> {
  needOnly(options, OPTIONS, 'offer');
  const { when = 'visible', givesWay = true, owner, leastPrice = 0n, coordinator: module } = options;
  need(typeof givesWay === 'boolean', 'givesWay is true or false');
  settlePrice(leastPrice, 'leastPrice');
  const whose = owner === undefined ? NO_BYTES : hashNow(utf8(nameOf(owner, 'owner', OWNER_BYTES_MAX)));
  need(when === 'visible' || when === 'always', "when is 'visible' or 'always'");
  const limits = await settle(options);
  const coordinator = await Coordinator.of(mesh, module);
  // Who computed for this tab, and was right, is preferred.
  const friends = (await theBook()).list().slice(0, PREFERRED_MAX).map(({ executor }) => fromHex(executor, 32)!);
  if (offering.has(mesh)) throw wrong(WORD.offering);
  offering.add(mesh);
  const pace = new Pace(givesWay ? globalThis.document && globalThis.window : undefined);
  const made = new MeshOffer(coordinator, limits, pace, friends, () => offering.delete(mesh));
  try {
    made.begin(whose, when === 'visible');
  } catch (error) {
    made.stop();
    throw error;
  }
  return made;
}

async function settle({ cores, gas = GAS_USUAL, memoryMiB = MEMORY_USUAL_MIB, onAsk, ...options }: OfferOptions): Promise<Limits> {
  const { moduleBytes = MODULE_BYTES_MAX, inputBytes = INPUT_BYTES_MAX, bytesAnHour = BYTES_AN_HOUR_USUAL, seconds = SECONDS_USUAL } = options;
  need(onAsk === undefined || typeof onAsk === 'function', 'onAsk is a function');
  return {
    cores: cores === undefined ? await usualCores() : spared(wholeOf(cores, 1, CORES_MAX, 'cores')),
    gas: settleInvocation('', { gas }).gas,
    memoryBytes: wholeOf(memoryMiB, 1, MEMORY_MAX_MIB, 'memoryMiB') * 2 ** 20,
    moduleBytes: wholeOf(moduleBytes, 1, MODULE_BYTES_MAX, 'moduleBytes'),
    inputBytes: wholeOf(inputBytes, 0, INPUT_BYTES_MAX, 'inputBytes'),
    bytesAnHour: wholeOf(bytesAnHour, 0, Number.MAX_SAFE_INTEGER, 'bytesAnHour'),
    mayTake: (from) => onAsk === undefined || isAllowed(onAsk, from),
    turnMs: wholeOf(seconds, 1, SECONDS_MAX, 'seconds') * 1_000,
    watchdogMs,
  };
}

/** What asks may fail: then nothing is taken. */
function isAllowed(onAsk: NonNullable<OfferOptions['onAsk']>, from: string): boolean {
  try {
    return onAsk(from) === true;
  } catch (error) {
    report(error);
    return false;
  }
}

type WithBattery = Navigator & { getBattery?: () => Promise<{ readonly charging: boolean }> };

/** A page leaves one core to whoever looks at it. */
const spared = (cores: number): number => (globalThis.document ? Math.min(cores, workersAtOnce()) : cores);

/** One less than there are, and half of that on battery. */
async function usualCores(): Promise<number> {
  const cores = Math.min(workersAtOnce(), CORES_MAX);
  const battery = await (globalThis.navigator as WithBattery | undefined)?.getBattery?.().catch(() => undefined);
  return battery && !battery.charging ? Math.max(1, Math.floor(cores / 2)) : cores;
}

class MeshOffer implements Offer {
  readonly #executor: Executor;
  readonly #coordinator: Coordinator;
  readonly #listeners = new Listeners<{ change: [state: OfferState] }>();
  readonly #byRequester: OfferState['byRequester'] = new Map();
  readonly #onOver: () => void;
  #isOn = false;
  #isOver = false;
  #done = 0;
  #gas = 0n;
  readonly #release: () => void;
  /** Nodes whose tasks come before those of strangers. */
  readonly #friends: readonly Bytes[];
  readonly #pace: Pace;
  #isVisibleOnly = false;
  /** Whose this tab is: a tag, or nothing. */
  #owner: Bytes = NO_BYTES;
  readonly #tell = nowAndThen(() => this.#listeners.emit('change', this.state));

  constructor(coordinator: Coordinator, limits: Limits, pace: Pace, friends: readonly Bytes[], onOver: () => void) {
    this.#coordinator = coordinator;
    this.#onOver = onOver;
    this.#friends = friends;
    this.#pace = pace;
    pace.onBusy = () => this.#look();
    this.#executor = new Executor(coordinator, limits, pace);
    this.#executor.onChange = () => this.#tell();
    this.#executor.onRan = (from, gas) => this.#count(from, gas);
    this.#executor.onEnd = (error) => this.#end(error);
    coordinator.offering = this.#executor;
    this.#release = thePool().keep();
    thePool().grow(limits.cores);
  }

  /** @throws MeshError Closed or Detached */
  begin(owner: Bytes, isVisibleOnly: boolean): void {
    this.#owner = owner;
    this.#coordinator.say(face.owner(owner));
    this.#coordinator.say(face.prefer(this.#friends));
    this.#isVisibleOnly = isVisibleOnly;
    if (isVisibleOnly) globalThis.document?.addEventListener('visibilitychange', this.#look);
    this.#look();
  }

  get state(): OfferState {
    const running = this.#executor.running.map(({ from, tasks, done }) => ({ for: from, tasks, done }));
    const owner = this.#owner.length > 0 && { owner: hex(this.#owner) };
    return { isOn: this.#isOn, ...owner, running, done: this.#done, gas: this.#gas, byRequester: new Map(this.#byRequester) };
  }

  on(event: 'change', listener: (state: OfferState) => void): () => void {
    need(event === 'change', `an offer has no event ${event}`);
    need(typeof listener === 'function', 'a listener is a function');
    return this.#listeners.on(event, listener);
  }

  stop(): void {
    if (this.#isOver) return;
    if (this.#isOn) this.#turn(false);
    this.#end(undefined);
  }

  /** Takes tasks while the page is visible, if that is wanted, and its person is not busy with it. */
  readonly #look = (): void => {
    const isHidden = this.#isVisibleOnly && globalThis.document?.visibilityState === 'hidden';
    this.#turn(!isHidden && !this.#pace.isBusy);
  };

  #turn(isOn: boolean): void {
    if (isOn === this.#isOn || this.#isOver) return;
    if (isOn) this.#executor.offer();
    else this.#executor.withdraw();
    this.#isOn = isOn;
    this.#tell();
  }

  /** `error`: the coordinator is gone. */
  #end(error: MeshError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isOn = false;
    globalThis.document?.removeEventListener('visibilitychange', this.#look);
    this.#pace.close();
    if (!error) this.#coordinator.offering = undefined;
    this.#release();
    this.#onOver();
    this.#tell();
  }

  #count(from: string, gas: bigint): void {
    this.#done += 1;
    this.#gas += gas;
    count(this.#byRequester, from, gas, REQUESTERS_COUNTED_MAX);
  }
}
