// Waiting that can be given up.

/**
 * What `begin` resolves; where `signal` aborts first it rejects with the reason, after `giveUp`. Both are given the same function.
 *
 * @throws the reason of a `signal` that has aborted already
 */
export function unlessAborted<T>(
  signal: AbortSignal | undefined,
  begin: (end: (value: T) => void) => void,
  giveUp: (end: (value: T) => void) => void,
): Promise<T> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const end = (value: T): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    };
    const onAbort = (): void => {
      giveUp(end);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    begin(end);
  });
}

/** Waits; rejects with the signal's reason when it aborts first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  return unlessAborted<void>(signal, (end) => (timer = setTimeout(end, ms)), () => clearTimeout(timer));
}
