import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../src/session.ts';
import { ASK_ABOVE, ENTRIES_MAX, Transfers } from '../src/transfers.ts';
import { FakeMesh, contentOf, joinOf, peerOf, settle } from './fake.ts';

const CID = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e';
const file = (name: string, size = 3): File => new File([new Uint8Array(size)], name);

let mesh: FakeMesh;
let session: Session;
let transfers: Transfers;

beforeEach(async () => {
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
  mesh = new FakeMesh();
  mesh.peerList = [peerOf()];
  session = new Session(joinOf([mesh]), { peers: [], faults: [] });
  transfers = new Transfers(session);
  await session.start();
});
afterEach(() => {
  session.stop();
  vi.unstubAllGlobals();
});

const steps = (): string[] => transfers.entries.value.map(({ name, progress }) => `${name} ${progress.step}`);

describe('giving', () => {
  test('waits for the mesh, then gives one file at a time, in order', async () => {
    transfers.give([file('a'), file('b')]);
    await settle();
    expect(steps()).toEqual(['b waiting', 'a waiting']);
    mesh.become('joined');
    await settle();
    expect(steps()).toEqual(['b waiting', 'a moving']);
    mesh.puts[0]!.progress!({ done: 2, total: 3, holders: 4 } as never);
    expect(transfers.entries.value[1]!.progress).toEqual({ step: 'moving', done: 2, total: 3, holders: 4 });
    mesh.puts[0]!.answer.resolve({ cid: CID, size: 3, blocks: 1, holders: 8 });
    await settle();
    expect(steps()).toEqual(['b moving', 'a done']);
    expect(transfers.entries.value[1]!.progress).toEqual({ step: 'done', cid: CID, holders: 8 });
  });

  test('waits while this tab is the first one', async () => {
    mesh.peerList = [];
    mesh.become('joined');
    transfers.give([file('a'), file('b')]);
    await settle();
    expect(transfers.entries.value.map(({ progress }) => progress)).toEqual([
      { step: 'waiting', until: 'turn' },
      { step: 'waiting', until: 'linked' },
    ]);
    mesh.peerList = [peerOf()];
    mesh.emit('peer');
    await settle();
    expect(steps()).toEqual(['b waiting', 'a moving']);
  });

  test('a file that fails says why and lets the next one go', async () => {
    mesh.become('joined');
    transfers.give([file('a'), file('b')]);
    await settle();
    mesh.puts[0]!.answer.reject(Object.assign(new Error('the store is full'), { code: 306 }));
    await settle();
    expect(steps()).toEqual(['b moving', 'a failed']);
    expect(transfers.entries.value[1]!.progress).toMatchObject({ trouble: { what: 'The store is full.', code: 306 } });
  });

  test('cancelling works before its turn, and in the middle', async () => {
    mesh.become('joined');
    transfers.give([file('a'), file('b'), file('c')]);
    await settle();
    const [c, b, a] = transfers.entries.value.map(({ key }) => key);
    transfers.cancel(b!);
    transfers.cancel(a!);
    await settle();
    expect(steps()).toEqual(['c moving', 'b cancelled', 'a cancelled']);
    expect(mesh.puts).toHaveLength(2);
    transfers.cancel(c!);
    transfers.cancel(c!);
    transfers.cancel(999);
    await settle();
    expect(steps()[0]).toBe('c cancelled');
  });

  test('takes as many as fit the list, says so, and lets finished ones make way', async () => {
    mesh.become('joined');
    transfers.give(Array.from({ length: ENTRIES_MAX + 5 }, (_, i) => file(`f${i}`)));
    expect(transfers.entries.value).toHaveLength(ENTRIES_MAX);
    expect(transfers.refusal.value).toContain(`${ENTRIES_MAX} of ${ENTRIES_MAX + 5}`);
    transfers.give([file('late')]);
    expect(transfers.refusal.value).toContain('0 of 1');
    await settle();
    mesh.puts[0]!.answer.resolve({ cid: CID, size: 3, blocks: 1, holders: 8 });
    await settle();
    transfers.give([file('late')]);
    expect(transfers.refusal.value).toBe('');
    expect(transfers.entries.value).toHaveLength(ENTRIES_MAX);
    expect(steps()[0]).toBe('late waiting');
    expect(steps()).not.toContain('f0 done');
  });
});

describe('fetching', () => {
  test('waits for the mesh, reports, and ends with what can be shown', async () => {
    const done = transfers.fetch({ cid: CID, name: 'page.html' });
    await settle();
    expect(steps()).toEqual(['page.html waiting']);
    mesh.become('joined');
    await settle();
    mesh.gets[0]!.progress!({ done: 1, total: 8 } as never);
    expect(steps()).toEqual(['page.html moving']);
    mesh.gets[0]!.answer.resolve(contentOf(CID, new TextEncoder().encode('<script>')));
    await done;
    expect(transfers.fetched.value).toMatchObject({ cid: CID, name: 'page.html', preview: { kind: 'text' } });
    expect(transfers.fetched.value!.blob.type).toBe('text/plain');
    expect(transfers.entries.value[0]).toMatchObject({ size: 8, progress: { step: 'done', cid: CID } });
  });

  test('bytes that cannot be shown are kept without a type', async () => {
    mesh.become('joined');
    const done = transfers.fetch({ cid: CID, name: 'a.wasm' });
    await settle();
    mesh.gets[0]!.answer.resolve(contentOf(CID, Uint8Array.of(0, 97, 115, 109)));
    await done;
    expect(transfers.fetched.value).toMatchObject({ preview: null });
    expect(transfers.fetched.value!.blob.type).toBe('application/octet-stream');
  });

  test('a second link puts the first one aside', async () => {
    mesh.become('joined');
    const first = transfers.fetch({ cid: CID, name: 'first' });
    await settle();
    const second = transfers.fetch({ cid: CID, name: 'second.txt' });
    await first;
    await settle();
    expect(steps()).toEqual(['second.txt moving', 'first cancelled']);
    mesh.gets[0]!.answer.resolve(contentOf(CID, Uint8Array.of(1)));
    mesh.gets[1]!.answer.resolve(contentOf(CID, Uint8Array.of(65)));
    await second;
    expect(transfers.fetched.value!.name).toBe('second.txt');
    transfers.leave();
    expect(transfers.fetched.value).toBeNull();
    expect(transfers.fetching.value).toBeNull();
  });

  test('what nobody has says so', async () => {
    mesh.become('joined');
    const done = transfers.fetch({ cid: CID, name: 'lost' });
    await settle();
    mesh.gets[0]!.answer.reject(Object.assign(new Error('nobody who should hold it has it'), { code: 203, operation: 'get' }));
    await done;
    const { progress } = transfers.entries.value[0]!;
    expect(progress).toMatchObject({ step: 'failed', trouble: { code: 203 } });
    expect(progress.step === 'failed' && progress.trouble.wayOut).toContain('open their tab');
    expect(transfers.fetched.value).toBeNull();
  });

  test('a large file is fetched only when a person wants it', async () => {
    mesh.become('joined');
    transfers = new Transfers(session, () => Promise.resolve(ASK_ABOVE * 3));
    const done = transfers.fetch({ cid: CID, name: 'large.bin' });
    await settle();
    let reads = 0;
    const content = contentOf(CID, Uint8Array.of(1));
    const blob = (): Promise<Blob> => ((reads += 1), content.blob());
    mesh.gets[0]!.answer.resolve({ ...content, size: ASK_ABOVE * 2, blob });
    await settle();
    expect(transfers.entries.value[0]!.progress).toEqual({ step: 'asking', size: ASK_ABOVE * 2, room: ASK_ABOVE * 3 });
    expect(reads).toBe(0);
    transfers.confirm(transfers.entries.value[0]!.key);
    await done;
    expect(steps()).toEqual(['large.bin done']);
    expect(reads).toBe(1);
  });

  test('a large file can be left where it is', async () => {
    mesh.become('joined');
    transfers = new Transfers(session, () => Promise.resolve(null));
    const done = transfers.fetch({ cid: CID, name: 'large.bin' });
    await settle();
    mesh.gets[0]!.answer.resolve({ ...contentOf(CID, Uint8Array.of(1)), size: ASK_ABOVE * 2 });
    await settle();
    expect(transfers.entries.value[0]!.progress).toMatchObject({ step: 'asking', room: null });
    transfers.cancel(transfers.entries.value[0]!.key);
    await done;
    expect(steps()).toEqual(['large.bin cancelled']);
  });

  test('a file that this device has no room for is not asked about', async () => {
    mesh.become('joined');
    transfers = new Transfers(session, () => Promise.resolve(2e9));
    const done = transfers.fetch({ cid: CID, name: 'endless' });
    await settle();
    mesh.gets[0]!.answer.resolve({ ...contentOf(CID, Uint8Array.of(1)), size: 2 ** 46 });
    await done;
    const { progress } = transfers.entries.value[0]!;
    expect(progress).toMatchObject({ step: 'failed', trouble: { what: 'It claims to have 70.4 TB, and this browser gives the page 2 GB.' } });
  });
});
