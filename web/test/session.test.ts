import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../src/session.ts';
import { FakeMesh, joinOf, peerOf, settle } from './fake.ts';

const SETTINGS = { peers: [], faults: [] };

beforeEach(() => vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false })));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a session', () => {
  test('shows the mesh as it joins, is cut off and comes back', async () => {
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    expect(session.phase.value).toBe('joining');
    expect(session.id.value).toBe(mesh.id);
    for (const state of ['joined', 'offline', 'joined'] as const) {
      mesh.become(state);
      expect(session.phase.value).toBe(state);
    }
    session.stop();
    expect(mesh.state).toBe('closed');
    expect(mesh.listenerCount()).toBe(0);
  });

  test('hands the settings on, and only those that are given', async () => {
    const join = joinOf([new FakeMesh(), new FakeMesh()]);
    const plain = new Session(join, SETTINGS);
    await plain.start();
    expect(Object.keys(join.options[0]!).sort()).toEqual(['onProgress', 'signal', 'wait']);
    const given = new Session(join, { signalling: [], peers: ['ws://p'], network: 'try', faults: [] });
    await given.start();
    expect(join.options[1]).toMatchObject({ signalling: [], peers: ['ws://p'], network: 'try', wait: false });
    plain.stop();
    given.stop();
  });

  test('waits for a word before it is started, and gives strangers an identity of their own', async () => {
    const names: (string | undefined)[] = [];
    for (const strangers of [['wss://a.example/'], ['wss://b.example/'], ['wss://a.example/'], []]) {
      const join = joinOf([new FakeMesh()]);
      const session = new Session(join, SETTINGS, strangers);
      expect(session.phase.value).toBe('asking');
      expect(join.options).toEqual([]);
      await session.start();
      names.push(join.options[0]!.storage?.name);
      session.stop();
    }
    expect(names[0]).toMatch(/^tabmesh-[0-9a-f]{32}$/);
    expect(names[1]).not.toBe(names[0]);
    expect(names.slice(2)).toEqual([names[0], undefined]);
  });

  test('goes through the stages, and never back', async () => {
    const join = joinOf([new FakeMesh()]);
    const session = new Session(join, SETTINGS);
    const joining = session.start();
    const { onProgress } = join.options[0]!;
    expect(session.stage.value).toBe('storage');
    onProgress!({ stage: 'core' });
    expect(session.stage.value).toBe('core');
    await joining;
    expect(session.stage.value).toBe('running');
    onProgress!({ stage: 'link', detail: 'ab' });
    onProgress!({ stage: 'signalling', detail: 'ws://a' });
    expect(session.stage.value).toBe('link');
    session.stop();
  });

  test('that cannot join says why, and can be started again', async () => {
    const mesh = new FakeMesh();
    const fault = Object.assign(new Error('the core could not be loaded'), { code: 300 });
    const session = new Session(joinOf([fault, mesh]), SETTINGS);
    await session.start();
    expect(session.phase.value).toBe('failed');
    expect(session.trouble.value).toMatchObject({ what: 'The core could not be loaded.', code: 300 });
    await session.start();
    mesh.become('joined');
    expect(session.phase.value).toBe('joined');
    expect(session.trouble.value).toBeNull();
    session.stop();
  });

  test('keeps the latest fault of each kind, and drops those that joining has healed', async () => {
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    for (const code of [507, 1030, 507, 501, 502, 503]) {
      mesh.emit('fault', Object.assign(new Error(`no ${code}: wait`), { code }));
    }
    expect(session.faults.value.map(({ code }) => code)).toEqual([507, 501, 502, 503]);
    mesh.emit('fault', Object.assign(new Error('memory only: allow site data'), { code: 1030 }));
    mesh.become('joined');
    expect(session.faults.value).toEqual([{ code: 1030, what: 'Memory only.', wayOut: 'Allow site data.' }]);
    session.stop();
  });

  test('whose core stopped says so, and can be started again', async () => {
    const [first, second] = [new FakeMesh(), new FakeMesh()];
    const session = new Session(joinOf([first, second]), SETTINGS);
    await session.start();
    first.become('joined');
    first.become('closed');
    first.emit('fault', Object.assign(new Error('the core stopped by a bug: join again'), { code: 1050 }));
    expect(session.phase.value).toBe('closed');
    expect(session.trouble.value).toMatchObject({ what: 'The core stopped by a bug.', code: 1050 });
    await session.start();
    second.become('joined');
    expect(session.phase.value).toBe('joined');
    expect(session.trouble.value).toBeNull();
    session.stop();
  });

  test('started twice leaves one mesh', async () => {
    const [first, second] = [new FakeMesh(), new FakeMesh()];
    const session = new Session(joinOf([first, second]), SETTINGS);
    void session.start();
    await session.start();
    await settle();
    expect(first.state).toBe('closed');
    first.become('joined');
    expect(session.phase.value).toBe('joining');
    second.become('joined');
    expect(session.phase.value).toBe('joined');
    session.stop();
  });

  test('says that it takes long, until it has joined', async () => {
    vi.useFakeTimers();
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    vi.advanceTimersByTime(7000);
    mesh.emit('dialfailed', { id: null, reason: new Error('too slow') });
    expect(session.slow.value).toBe(false);
    vi.advanceTimersByTime(1500);
    expect(session.slow.value).toBe(true);
    expect(session.failedDials.value).toMatchObject({ count: 1, why: { what: 'Too slow.' } });
    mesh.become('joined');
    expect(session.slow.value).toBe(false);
    expect(session.failedDials.value).toEqual({ count: 0, why: null });
    session.stop();
  });

  test('looks at its peers every second, but not while nobody can see it', async () => {
    vi.useFakeTimers();
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    const peer = peerOf();
    mesh.peerList = [peer];
    vi.advanceTimersByTime(1000);
    expect(session.peers.value).toEqual([peer]);
    (document as unknown as { hidden: boolean }).hidden = true;
    mesh.peerList = [];
    vi.advanceTimersByTime(5000);
    expect(session.peers.value).toEqual([peer]);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(session.peers.value).toEqual([]);
    session.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('waiting for the mesh', () => {
  test('ends when the tab has joined, at once if it has already', async () => {
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    const early = session.joined(new AbortController().signal);
    mesh.become('joined');
    expect(await early).toBe(mesh);
    expect(await session.joined(new AbortController().signal)).toBe(mesh);
    session.stop();
  });

  test('for somebody else ends with the first peer', async () => {
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS);
    await session.start();
    let isLinked = false;
    const linked = session.linked(new AbortController().signal).then(() => (isLinked = true));
    mesh.become('joined');
    await settle();
    expect(isLinked).toBe(false);
    mesh.peerList = [peerOf()];
    mesh.emit('peer');
    expect(await linked).toBe(true);
    session.stop();
  });

  test('ends with the reason of whoever cancels', async () => {
    const session = new Session(joinOf([new FakeMesh()]), SETTINGS);
    await session.start();
    const cancel = new AbortController();
    const waiting = session.joined(cancel.signal);
    cancel.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(session.joined(cancel.signal)).rejects.toThrow('enough');
    session.stop();
  });
});
