// Why a WebSocket does not open, as far as a page can find out, and the way out. The browser itself does not say.

import { isLoopback } from './urls.js';
import { pause } from './wait.js';

/** What does not answer by then is not waited for. */
const ANSWER_MS = 8000;

/** What this page's policy has to say about an address. */
export interface Policy {
  /** Why this page may not connect; empty as long as nothing forbids it. */
  refusal: string;
  /** Whether it may not ask by HTTP either. */
  isBlind: boolean;
  /** Looks no longer. */
  end(): void;
}

/** What an address is to lead to: what is there, and the paths that it usually has. */
export interface Door {
  readonly who: string;
  readonly paths: readonly string[];
}

export const SIGNALLING: Door = { who: 'a signalling server', paths: ['/signal'] };
export const PEER: Door = { who: 'a peer', paths: ['/', '/peer'] };

/** Notes whether the page's policy forbids a connection to `url`. A violation may name only the beginning of an address. */
export function watchPolicy(url: string): Policy {
  const over = new AbortController();
  const policy: Policy = { refusal: '', isBlind: false, end: () => over.abort() };
  const note = ({ disposition, blockedURI, effectiveDirective }: SecurityPolicyViolationEvent): void => {
    if (disposition !== 'enforce' || effectiveDirective !== 'connect-src') return;
    if (url.startsWith(blockedURI)) policy.refusal = 'the policy of this page forbids it (connect-src)';
    else if (httpOf(url).startsWith(blockedURI)) policy.isBlind = true;
  };
  document.addEventListener('securitypolicyviolation', note, { signal: over.signal });
  return policy;
}

/** Looks into an address where no WebSocket opened; `isForbidden` where another try is of no use. Ends the policy's watch. */
export async function whyNot(url: string, door: Door, policy: Policy): Promise<{ isForbidden: boolean; what: string }> {
  const answer = policy.refusal ? undefined : await ask(httpOf(url));
  const isOther = answer === undefined && !policy.refusal && !policy.isBlind && (await isOtherwise(url));
  // The browser tells what the policy forbade after what failed by it.
  await pause(0);
  policy.end();
  const refusal = policy.refusal || (answer === 403 && `it refuses pages of ${location.origin}`);
  if (refusal) return { isForbidden: true, what: refusal };
  if (policy.isBlind) return { isForbidden: false, what: 'it opens no WebSocket' };
  return { isForbidden: false, what: isOther ? otherwise(url) : wordsOf(url, door, answer) };
}

/** What is said of a server that answers by HTTP as `answer` says: a status, 0 where it hides that, `undefined` where nothing does. */
export function wordsOf(url: string, { who, paths }: Door, answer: number | undefined): string {
  const { protocol, pathname } = new URL(url);
  if (answer === undefined) {
    return protocol === 'wss:' ? 'nothing answers there by TLS; check host and port, and that it speaks TLS there' : 'nothing answers there; check host and port';
  }
  const usual = paths.join(' or ');
  const isUsual = paths.includes(pathname);
  const path = isUsual ? 'the path may be wrong' : `the path of ${who} usually is ${usual}, so write ${new URL(paths[0]!, url).href}`;
  if (answer === 0) return `a server answers, but opens no WebSocket: ${path}, or it refuses pages of ${location.origin}`;
  return `it answers ${answer} and opens no WebSocket; ${isUsual ? `check that it is ${who} of tabmesh` : path}`;
}

const httpOf = (url: string): string => url.replace(/^ws/, 'http');

const isSafe = (url: string): boolean => /^(wss|https):/.test(url);

const otherwise = (url: string): string =>
  isSafe(url)
    ? // Some servers answer plain HTTP where they speak TLS, and what is wrong with a certificate no page can see.
      'no TLS comes about, and HTTP without it is answered; check the certificate, or, if it speaks no TLS at this port, write ws:// instead of wss://'
    : 'it speaks TLS at this port; write wss:// instead of ws://';

/** Whether something answers there with TLS where none was asked for, or the other way round; as far as this page may see that. */
async function isOtherwise(url: string): Promise<boolean> {
  const other = isSafe(url) ? url.replace(/^wss/, 'http') : url.replace(/^ws/, 'https');
  const mayAsk = isSafe(other) || location.protocol === 'http:' || isLoopback(new URL(url).hostname);
  return mayAsk && (await ask(other)) !== undefined;
}

/** What HTTP says there: a status, 0 where it is hidden from this page, `undefined` where nothing answers. */
async function ask(url: string): Promise<number | undefined> {
  const answer = (mode: RequestMode): Promise<number> => {
    const options: RequestInit = { mode, cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(ANSWER_MS) };
    return fetch(url, options).then(({ status }) => status);
  };
  return answer('cors').catch(() => answer('no-cors')).catch(() => undefined);
}
