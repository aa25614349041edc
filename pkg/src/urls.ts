const LOOPBACK = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/;

/** The address that `text` is, if it is one. */
export function parseUrl(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether a host name, as a URL has it, means this very machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
