// What a task costs around its gas, in a page and in Node: a run of nothing beside a Worker that does nothing, and the watchdog.

/** `(module (memory (export "memory") 1) (func (export "_start")))` */
const IDLE = moduleOf([0x0b]);

/** The same with a function that never ends. */
const ENDLESS = moduleOf([0x03, 0x40, 0x0c, 0, 0x0b, 0x0b]);

/** When the watchdog ends a run, in milliseconds; nobody else sets a timer of this length. */
const TIMEOUT_MS = 211;

function moduleOf(code) {
  const sized = (id, bytes) => [id, bytes.length, ...bytes];
  const name = (text) => [text.length, ...new TextEncoder().encode(text)];
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sized(1, [1, 0x60, 0, 0]),
    ...sized(3, [1, 0]),
    ...sized(5, [1, 0, 1]),
    ...sized(7, [2, ...name('memory'), 2, 0, ...name('_start'), 0, 0]),
    ...sized(10, [1, code.length + 1, 0, ...code]),
  );
}

/** Milliseconds of `count` tasks that do nothing, and as many of `worker()`, a Worker of the bare platform; in turn. */
export async function idle(runTask, worker, count) {
  const times = { ours: [], bare: [] };
  const ways = { ours: () => runTask(IDLE), bare: worker };
  // The first of each warms up, and does not count.
  for (let round = -1; round < count; round += 1) {
    for (const way of ['bare', 'ours']) {
      const start = performance.now();
      const result = await ways[way]();
      if (round >= 0) times[way].push(performance.now() - start);
      if (way === 'ours' && result.status !== 'OK') throw new Error(`a task of nothing ended ${result.status}`);
    }
  }
  return times;
}

/** Milliseconds from the time at which an endless task should end until it has, `count` times. */
export async function late(runTask, count) {
  const { setTimeout } = globalThis;
  let started;
  globalThis.setTimeout = (action, ms, ...more) => {
    if (ms === TIMEOUT_MS) started = performance.now();
    return setTimeout(action, ms, ...more);
  };
  const times = [];
  try {
    for (let round = 0; round < count; round += 1) {
      const { status } = await runTask(ENDLESS, '', { gas: 2n ** 62n, timeoutMs: TIMEOUT_MS });
      times.push(performance.now() - started - TIMEOUT_MS);
      if (status !== 'LATE') throw new Error(`an endless task ended ${status}`);
    }
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  return times;
}
