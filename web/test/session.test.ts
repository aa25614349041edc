import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../src/session.ts';
import { FakeMesh, HERE, joinOf, settle } from './fake.ts';

const SETTINGS = { peers: [], faults: [] };

beforeEach(() => vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false })));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a session', () => {
  test('shows the mesh as it joins, is cut off and comes back', async () => {
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS, HERE);
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
    const plain = new Session(join, SETTINGS, HERE);
    await plain.start();
    expect(Object.keys(join.options[0]!).sort()).toEqual(['onProgress', 'signal', 'wait']);
    const given = new Session(join, { signalling: [], peers: ['ws://p'], network: 'try', faults: [] }, HERE);
    await given.start();
    expect(join.options[1]).toMatchObject({ signalling: [], peers: ['ws://p'], network: 'try', wait: false });
    plain.stop();
    given.stop();
  });

  test('keeps one line a stage, the newest detail, and a bound', async () => {
    const join = joinOf([new FakeMesh()]);
    const session = new Session(join, SETTINGS, HERE);
    await session.start();
    const { onProgress } = join.options[0]!;
    onProgress!({ stage: 'core' } as never);
    onProgress!({ stage: 'signalling', detail: 'a' } as never);
    onProgress!({ stage: 'signalling', detail: 'b' } as never);
    expect(session.steps.value).toEqual([{ stage: 'core', detail: '' }, { stage: 'signalling', detail: 'b' }]);
    for (let i = 0; i < 100; i += 1) onProgress!({ stage: i % 2 ? 'core' : 'signalling' } as never);
    expect(session.steps.value.length).toBeLessThanOrEqual(12);
    session.stop();
  });

  test('that cannot join says why, and can be started again', async () => {
    const mesh = new FakeMesh();
    const fault = Object.assign(new Error('the core could not be loaded'), { code: 300 });
    const session = new Session(joinOf([fault, mesh]), SETTINGS, HERE);
    await session.start();
    expect(session.phase.value).toBe('failed');
    expect(session.trouble.value).toMatchObject({ what: 'The core could not be loaded.', code: 300 });
    await session.start();
    mesh.become('joined');
    expect(session.phase.value).toBe('joined');
    expect(session.trouble.value).toBeNull();
    session.stop();
  });

  test('does not even try where the browser lacks what it needs', async () => {
    const join = joinOf([]);
    const session = new Session(join, SETTINGS, { ...HERE, isSecureContext: false });
    await session.start();
    expect(join.options).toHaveLength(0);
    expect(session.phase.value).toBe('failed');
    expect(session.trouble.value?.wayOut).toContain('https://');
  });

  test('started twice leaves one mesh', async () => {
    const [first, second] = [new FakeMesh(), new FakeMesh()];
    const session = new Session(joinOf([first, second]), SETTINGS, HERE);
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
    const session = new Session(joinOf([mesh]), SETTINGS, HERE);
    await session.start();
    vi.advanceTimersByTime(7000);
    mesh.emit('dialfailed');
    expect(session.slow.value).toBe(false);
    vi.advanceTimersByTime(1500);
    expect(session.slow.value).toBe(true);
    expect(session.failedDials.value).toBe(1);
    mesh.become('joined');
    expect(session.slow.value).toBe(false);
    expect(session.failedDials.value).toBe(0);
    session.stop();
  });

  test('looks at its peers every second, but not while nobody can see it', async () => {
    vi.useFakeTimers();
    const mesh = new FakeMesh();
    const session = new Session(joinOf([mesh]), SETTINGS, HERE);
    await session.start();
    const peer = { id: 'cd'.repeat(32), link: 'webrtc', profile: 'browser', rttMs: 3, neighbour: true, since: new Date() } as const;
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
    const session = new Session(joinOf([mesh]), SETTINGS, HERE);
    await session.start();
    const early = session.joined(new AbortController().signal);
    mesh.become('joined');
    expect(await early).toBe(mesh);
    expect(await session.joined(new AbortController().signal)).toBe(mesh);
    session.stop();
  });

  test('ends with the reason of whoever cancels', async () => {
    const session = new Session(joinOf([new FakeMesh()]), SETTINGS, HERE);
    await session.start();
    const cancel = new AbortController();
    const waiting = session.joined(cancel.signal);
    cancel.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(session.joined(cancel.signal)).rejects.toThrow('enough');
    session.stop();
  });
});
