// Every wait has an end, and says what it waited for.

/** How often {@link until} looks again, in milliseconds. */
const GLANCE_MS = 50;

/** Resolves after `ms` milliseconds. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The value of `promise`, or an error that names `what` once `ms` milliseconds are over.
 *
 * The work behind the promise is not stopped; whoever started it ends it.
 */
export async function within(ms, what, promise) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks `probe` again and again until it gives something truthy, which is the result.
 *
 * An error of the probe counts as "not yet"; the last one is told when `ms` milliseconds are over.
 */
export async function until(ms, what, probe) {
  const end = performance.now() + ms;
  let last;
  while (performance.now() < end) {
    try {
      last = undefined;
      const value = await within(Math.max(1, end - performance.now()), what, Promise.resolve(probe()));
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await sleep(GLANCE_MS);
  }
  throw new Error(`${what} did not happen within ${ms} ms`, { cause: last });
}
