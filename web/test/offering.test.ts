/** What a person lets a device give: kept, seen, given up. */
import type { Mesh } from 'tabmesh';
import type { Offer, OfferOptions } from 'tabmesh/job';
import { expect, test } from 'vitest';
import type { Device } from '../src/offer/device.ts';
import { Offering } from '../src/offer/offering.ts';

class Store {
  readonly texts = new Map<string, string>();
  getItem = (key: string): string | null => this.texts.get(key) ?? null;
  setItem = (key: string, text: string): void => void this.texts.set(key, text);
}

/** A device on which pages wait for each other, and a package that notes what is offered. */
class World {
  readonly store = new Store();
  readonly offers: { readonly options: OfferOptions; isOn: boolean }[] = [];
  isSeen = true;
  #sight: (() => void)[] = [];
  #last: Promise<void> = Promise.resolve();
  #closed: (() => void)[] = [];

  page(): Offering {
    const offer = async (_: Mesh, options: OfferOptions): Promise<Offer> => {
      const made = { options, isOn: true };
      this.offers.push(made);
      const state = { isOn: true, running: [], done: 0, gas: 0n, byRequester: new Map() };
      return { state, on: () => () => undefined, stop: () => void (made.isOn = false) } as unknown as Offer;
    };
    const mesh = { on: (_: string, listener: () => void) => void this.#closed.push(listener) } as unknown as Mesh;
    const device: Device = {
      cores: 4,
      store: this.store,
      isSeen: () => this.isSeen,
      onSight: (listener) => void this.#sight.push(listener),
      alone: async (signal, work) => {
        const before = this.#last;
        this.#last = before.then(() => (signal.aborted ? undefined : work()));
        return this.#last;
      },
    };
    return new Offering(async () => offer, async () => mesh, device);
  }

  async see(isSeen: boolean): Promise<void> {
    this.isSeen = isSeen;
    for (const listener of this.#sight) listener();
    await settle();
  }

  async close(): Promise<void> {
    for (const listener of this.#closed.splice(0)) listener();
    await settle();
  }

  get on(): number {
    return this.offers.filter(({ isOn }) => isOn).length;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('nothing is offered before a person says so', async () => {
  const world = new World();
  world.page().resume();
  await settle();
  expect(world.offers).toEqual([]);
});

test('consent is remembered, and taken back', async () => {
  const world = new World();
  world.page().change({ isGiven: true, cores: 1 });
  await settle();
  expect(world.on).toBe(1);
  const later = new World();
  later.store.texts.set('tabmesh:offer', world.store.texts.get('tabmesh:offer')!);
  const page = later.page();
  page.resume();
  await settle();
  expect(later.offers.map(({ options }) => options)).toEqual([{ cores: 1, memoryMiB: 256, when: 'visible' }]);
  page.change({ isGiven: false });
  await settle();
  expect(later.on).toBe(0);
  expect(JSON.parse(later.store.texts.get('tabmesh:offer')!).isGiven).toBe(false);
});

test('what is kept and makes no sense counts as no consent', async () => {
  for (const text of ['', 'null', '7', '{"isGiven":1}', '{"isGiven":true', '[true]']) {
    const world = new World();
    world.store.texts.set('tabmesh:offer', text);
    world.page().resume();
    await settle();
    expect(world.offers).toEqual([]);
  }
});

test('a hidden page rests unless a person lets it go on', async () => {
  const world = new World();
  const page = world.page();
  page.change({ isGiven: true });
  await settle();
  await world.see(false);
  expect(world.on).toBe(0);
  await world.see(true);
  expect(world.on).toBe(1);
  page.change({ whenHidden: true });
  await world.see(false);
  expect(world.on).toBe(1);
  expect(world.offers.at(-1)!.options.when).toBe('always');
});

test('of several pages one offers, and when it goes the next', async () => {
  const world = new World();
  world.page().change({ isGiven: true });
  world.page().resume();
  await settle();
  expect(world.offers.length).toBe(1);
  // The first page is hidden, the second one is seen by its own account.
  await world.see(false);
  await world.see(true);
  expect(world.on).toBe(1);
});

test('a mesh that ended is followed by the next one', async () => {
  const world = new World();
  world.page().change({ isGiven: true });
  await settle();
  await world.close();
  expect(world.offers.length).toBe(2);
  expect(world.on).toBe(1);
});
