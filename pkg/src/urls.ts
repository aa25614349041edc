const LOOPBACK = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/;

/** The address that `text` is, if it is one. */
export function parseUrl(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a host name, as a URL has it, means this very machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** The eight numbers of an IPv6 address, as a URL has it. */
export function groupsOf(host: string): number[] {
  const [left = [], right = []] = host.slice(1, -1).split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((digits) => Number.parseInt(digits, 16));
}
