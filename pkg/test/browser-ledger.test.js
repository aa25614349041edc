// Goal: a voter never signs what it could forget, and never votes again once it may have forgotten: whatever becomes of its tab and its store.
// Method: four voters in a page, with IndexedDB, joined by memory; the page is loaded again in the middle, the store is full, deleted, newer or
// somebody else's.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open, serve, until } from './harness.js';

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser.close();
  await server.close();
});

/** Starts the town of a page: four voters of one ledger, and one who is none. `begin` the first time. */
const start = (page, begin, { epochMs = 1000 } = {}) =>
  page.evaluate(
    async ({ begin, epochMs }) => {
      const { genesisOf, town } = await import('/test/town.js');
      globalThis.words = await import('/dist/ledger/index.js');
      globalThis.nodes ??= await town(5);
      const kept = localStorage.getItem('genesis');
      globalThis.genesis = kept ? Uint8Array.from(JSON.parse(kept)) : genesisOf(nodes.slice(0, 4), [nodes[4]], { epochMs });
      localStorage.setItem('genesis', JSON.stringify([...genesis]));
      globalThis.faults = [];
      globalThis.follow = async (at, begin = false) => {
        const ledger = await words.ledgerOf(nodes[at].mesh, { genesis, begin });
        ledger.on('fault', ({ name }) => faults.push(name));
        return ledger;
      };
      globalThis.storeOf = (at) => `tabmesh:ledger:${ledgers[0].id.slice(0, 16)}:${nodes[at].mesh.id}`;
      /** What is in the store of a node, as somebody else reads it. */
      globalThis.kept = (at, store) =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open(storeOf(at));
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            const all = request.result.transaction(store).objectStore(store).getAll();
            all.onsuccess = () => {
              request.result.close();
              resolve(all.result.map((bytes) => [...bytes]));
            };
          };
        });
      globalThis.ledgers = await Promise.all([0, 1, 2, 3].map((at) => follow(at, begin)));
      return ledgers.map(({ votes, head }) => [votes, head.height]);
    },
    { begin, epochMs },
  );

const heightOf = (page) => page.evaluate(() => Math.min(...ledgers.map(({ head }) => head.height)));
const untilHeight = (page, height) => until(40_000, `block ${height}`, async () => (await heightOf(page)) >= height);
/** The town of a fresh profile. */
async function fresh() {
  const context = await browser.newContext();
  const page = await open(context, server.origin);
  return { context, page };
}

test('four tabs agree on blocks, and go on from what they kept when the page is loaded again', async () => {
  const { context, page } = await fresh();
  assert.deepEqual(await start(page, true), Array(4).fill([true, 0]));
  await untilHeight(page, 2);
  const id = await page.evaluate(async () => {
    const payer = await follow(4);
    await payer.ready;
    const done = await payer.transfer(nodes[0].mesh.id, words.credits('2.5')).until('final');
    return done.id;
  });
  const before = await page.evaluate(() => kept(0, 'blocks'));
  await page.reload();
  const again = await start(page, false);
  assert.ok(again.every(([votes, height]) => votes && height >= before.length - 1), JSON.stringify(again));
  const after = await page.evaluate(() => kept(0, 'blocks'));
  assert.deepEqual(after.slice(0, before.length), before);
  const history = await page.evaluate(async () => {
    const all = [];
    for await (const { id, amount, isOwn } of ledgers[0].history()) all.push([id, String(amount), isOwn]);
    return all;
  });
  assert.deepEqual(history, [[id, '2500000', false]]);
  await untilHeight(page, before.length + 2);
  assert.deepEqual(await page.evaluate(() => faults), []);
  assert.deepEqual(page.faults, []);
  await context.close();
});

/** What a record says of a place in which only one thing may be said: the place, and that. */
function saidBy([says, ...rest]) {
  const numbers = rest.slice(0, 12).join();
  const subject = rest.slice(12, 44).join();
  return says === 3 || says === 4 ? [`${says}:${rest.slice(0, 4).join()}:${rest.slice(44, 80).join()}`, subject] : [`${says}:${numbers}`, subject];
}

test('a voter whose page is loaded again at any moment never contradicts what it signed', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  const said = Array.from({ length: 4 }, () => new Map());
  for (let round = 0; round < 6; round += 1) {
    const target = (await heightOf(page)) + 1;
    await untilHeight(page, target);
    await page.evaluate(async () => {
      const payer = await follow(4);
      payer.transfer(nodes[0].mesh.id, 1_000_000n);
    });
    // Somewhere in the epoch: records are being written.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_000));
    await page.reload();
    await start(page, false);
    for (let at = 0; at < 4; at += 1) {
      const journal = await page.evaluate((at) => kept(at, 'journal'), at);
      assert.equal(journal.filter(([first]) => first === 0).length, 1, 'the first record stays');
      for (const record of journal.filter(([first]) => first !== 0)) {
        const [place, subject] = saidBy(record);
        assert.equal(said[at].get(place) ?? subject, subject, `voter ${at} said two things of one place in round ${round}`);
        said[at].set(place, subject);
      }
    }
  }
  assert.ok(said.every((places) => places.size > 4), 'they did vote');
  assert.deepEqual(await page.evaluate(() => faults), []);
  await context.close();
});

test('a transfer that was on its way when the page was left is taken up again, and done once', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  await untilHeight(page, 1);
  const id = await page.evaluate(async () => {
    const payer = await follow(4);
    await payer.ready;
    nodes[4].isCut = true;
    const pay = payer.transfer(nodes[0].mesh.id, words.credits('3'));
    await pay.until('tentative');
    // A write behind it has ended, so it has too.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return pay.id;
  });
  await page.reload();
  await start(page, false);
  const found = await page.evaluate(async () => {
    const payer = await follow(4);
    const [pay] = payer.transfers();
    const { id } = await pay.until('final');
    const left = payer.transfers().length;
    const all = [];
    for await (const entry of payer.history()) all.push(entry.id);
    // What is written of it is behind.
    while ((await kept(4, 'pending')).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return { id, left, all };
  });
  assert.deepEqual(found, { id, left: 0, all: [id] });
  await context.close();
});

test('a voter without a journal follows, does not begin anew, and signs only in views that begin later', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  await untilHeight(page, 1);
  const end = await page.evaluate(async () => {
    // Of a voter's journal all is deleted while it is away.
    ledgers[3].close();
    await new Promise((resolve, reject) => {
      const request = indexedDB.open(storeOf(3));
      request.onsuccess = () => {
        const tx = request.result.transaction('journal', 'readwrite');
        tx.objectStore('journal').clear();
        tx.oncomplete = () => resolve(request.result.close());
        tx.onabort = () => reject(tx.error);
      };
    });
    const begun = await follow(3, true).then(() => 'begun', ({ name }) => name);
    const ledger = await follow(3);
    await ledger.ready;
    const { height, view } = ledger.head;
    while (ledger.head.height < height + 2) await new Promise((resolve) => setTimeout(resolve, 100));
    const journal = await kept(3, 'journal');
    // A record has its view behind its first byte.
    const early = journal.filter((record) => new DataView(Uint8Array.from(record).buffer).getUint32(1) <= view);
    return { begun, isVoter: ledger.isVoter, early, votes: ledger.votes === journal.length > 0 };
  });
  assert.deepEqual(end, { begun: 'HasBegun', isVoter: true, early: [], votes: true });
  await context.close();
});

test('a voter whose store is deleted says so, votes no more, and follows', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  await untilHeight(page, 1);
  const end = await page.evaluate(async () => {
    const deleted = new Promise((resolve) => (indexedDB.deleteDatabase(storeOf(3)).onsuccess = resolve));
    await deleted;
    while (!faults.includes('StoreFailed')) await new Promise((resolve) => setTimeout(resolve, 50));
    const { height } = ledgers[0].head;
    while (ledgers[3].head.height < height + 2) await new Promise((resolve) => setTimeout(resolve, 100));
    return { votes: ledgers.map(({ votes }) => votes), faults };
  });
  assert.deepEqual(end, { votes: [true, true, true, false], faults: ['StoreFailed'] });
  await context.close();
});

test('a store of a newer version, of somebody else, or none is told, and nobody votes with it', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  await untilHeight(page, 1);
  const end = await page.evaluate(async () => {
    const found = {};
    const tried = async (what, begin) => {
      const count = faults.length;
      const made = await follow(3, begin).catch(({ name }) => name);
      await new Promise((resolve) => setTimeout(resolve));
      found[what] = typeof made === 'string' ? made : [made.votes, ...faults.slice(count)];
      made.close?.();
    };
    ledgers[3].close();
    let release;
    await new Promise((held) => navigator.locks.request(`${storeOf(3)}:0`, () => (held(), new Promise((resolve) => (release = resolve)))));
    await tried('locked', true);
    await tried('locked, following', false);
    release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await tried('whole', false);
    await new Promise((resolve) => {
      const request = indexedDB.open(storeOf(3), 7);
      request.onsuccess = () => resolve(request.result.close());
    });
    await tried('newer', true);
    await tried('newer, following', false);
    return found;
  });
  assert.deepEqual(end, {
    locked: 'VotesElsewhere',
    'locked, following': [false, 'VotesElsewhere'],
    whole: [true],
    newer: 'StoreNewer',
    'newer, following': [false, 'StoreNewer'],
  });
  await context.close();
});

test('a voter whose store is full says so, and votes no more', async () => {
  const { context, page } = await fresh();
  await start(page, true);
  await untilHeight(page, 1);
  const devtools = await context.newCDPSession(page);
  const { origin } = new URL(server.origin);
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000 });
  await until(60_000, 'a voter that finds no room', () => page.evaluate(() => faults.includes('StoreFailed')));
  const { votes, failed } = await page.evaluate(() => ({ votes: ledgers.map(({ votes }) => votes), failed: faults.length }));
  assert.equal(votes.filter((each) => !each).length, failed);
  assert.ok(failed >= 1);
  await context.close();
});

test('a store keeps in order, forgets records of views that are over, and bounds what a follower keeps', async () => {
  const { context, page } = await fresh();
  const found = await page.evaluate(async () => {
    const { Store } = await import('/dist/ledger/store.js');
    const ledger = new Uint8Array(32).fill(7);
    const record = (says, view, subject) => {
      const bytes = new Uint8Array(81).fill(subject);
      bytes.set([says, 0, 0, 0, view]);
      return bytes;
    };
    const voter = await Store.open('voter', ledger, true);
    const ends = [];
    const note = (what) => (promise) => promise.then(() => ends.push(what));
    await Promise.all([
      note('first')(voter.keep(Uint8Array.of(0, 0, 0, 0, 0))),
      note('second')(voter.keep(record(4, 0, 1))),
      note('block')(voter.final(1, 0, new Uint8Array(10), [])),
      note('third')(voter.keep(record(1, 1, 2))),
    ]);
    const acknowledged = voter.acknowledged(new Uint8Array(32).fill(1)) !== undefined;
    await voter.final(2, 1, new Uint8Array(11), [{ height: 2, epoch: 3, operation: new Uint8Array(184), isConflict: false }]);
    const open = voter.journal.length;
    voter.close();
    const late = await voter.keep(record(1, 1, 3)).then(() => 'kept', () => 'refused');
    const again = await Store.open('voter', ledger, true);
    const kept = { height: again.height, journal: again.journal.map(([first]) => first), history: again.history.length };
    again.close();
    const other = await Store.open('voter', new Uint8Array(32), true).then(() => 'opened', ({ name }) => name);
    const follower = await Store.open('follower', ledger, false);
    for (let height = 1; height <= 9; height += 1) await follower.final(height, 0, new Uint8Array(8 << 20), []);
    const { height } = follower;
    const [first] = await follower.blocks(1, 1);
    const beyond = await follower.block(9);
    await follower.clearBlocks();
    return { ends, acknowledged, open, late, kept, other, height, first: first.length, beyond, cleared: (await follower.blocks(1, 9)).length };
  });
  assert.deepEqual(found, {
    ends: ['first', 'second', 'block', 'third'],
    acknowledged: true,
    open: 2,
    late: 'refused',
    kept: { height: 2, journal: [0, 1], history: 1 },
    other: 'StoreDamaged',
    height: 8,
    first: 8 << 20,
    beyond: undefined,
    cleared: 0,
  });
  await context.close();
});
