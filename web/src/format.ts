const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units with three significant digits at most: `0 B`, `16.4 kB`, `10 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would be written as 1000: it belongs to the next unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`;
}

/** A round-trip time in milliseconds: `0.4 ms`, `37 ms`, `1.2 s`; a dash until it was measured. */
export function formatRtt(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 9.95) return `${Number(Math.max(ms, 0.1).toFixed(1))} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

/** A span of time, coarse: `now`, `40 s`, `3 min`, `2 h`, `5 d`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 5) return 'now';
  // Steps of ten, so that a table of these does not flicker every second.
  if (seconds < 60) return `${seconds < 10 ? 5 : seconds - (seconds % 10)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** The first digits of an id: enough to tell a few dozen apart at a glance. */
export function shortId(id: string, digits = 8): string {
  return id.slice(0, digits);
}

/** `1 peer`, `4 peers`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

const GAS_UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Gas with three significant digits at most: `999`, `1.94 M`, `13.9 G`. */
export function formatGas(gas: bigint): string {
  let value = Number(gas);
  let unit = 0;
  while (value >= 999.5 && unit < GAS_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))} ${GAS_UNITS[unit]}`.trim();
}
