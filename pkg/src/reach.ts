// Which of the addresses that peers claim may be dialled, and from where. Native peers keep to the same table of examples,
// `tests/vectors/addresses.json`. Whoever is linked may claim any address, and whoever hears of it may dial it: so a claim is the
// address of a WebSocket and nothing else, with no path that means something to another service and no port on which others listen.

import { utf8 } from './bytes.js';
import { ADDRESS_MAX } from './limits.js';
import { parseUrl } from './urls.js';

/** From where an address is reached: from everywhere, from within a network, from this machine. */
export type Reach = 'public' | 'private' | 'loopback';

/** Paths that a claim may have; the second is where a gateway finds its peer. */
const PATHS = ['/', '/peer'];

/** Names of hosts of the network around, or of none (RFC 2606, 6761, 6762, 7686, 8375). */
const LOCAL_NAME = /(^|\.)(local|internal|lan|home|home\.arpa|invalid|test|onion)$/;

/** From where an address that a peer claims is reached; `undefined` if nobody should dial it. */
export function reachOf(text: string): Reach | undefined {
  const url = utf8(text).length <= ADDRESS_MAX ? parseUrl(text) : undefined;
  if (!url || !/^wss?:$/.test(url.protocol) || !PATHS.includes(url.pathname)) return undefined;
  if (url.username + url.password + url.search + url.hash !== '') return undefined;
  // Below 1,024 other services listen, some of which obey what a stranger writes into a handshake.
  if (!['', '80', '443'].includes(url.port) && Number(url.port) < 1024) return undefined;
  const numbers = numbersOf(url);
  if (numbers?.length === 4) return reachOfV4(numbers);
  if (numbers) return reachOfV6(numbers);
  const name = nameOf(url);
  if (/(^|\.)localhost$/.test(name)) return 'loopback';
  // A single word is a name that only the network around knows.
  return !name.includes('.') || LOCAL_NAME.test(name) ? 'private' : 'public';
}

/** What is likely to be one owner's: the /16 of an IPv4 address, the /32 of an IPv6 address, the last two words of a name. */
export function ownerOf(text: string): string {
  const url = new URL(text);
  const numbers = numbersOf(url);
  return numbers ? (within(numbers) ?? numbers).slice(0, 2).join() : nameOf(url).split('.').slice(-2).join('.');
}

const nameOf = ({ hostname }: URL): string => hostname.replace(/\.+$/, '');

/** The 4 or 8 numbers of an IP address, however it was written; `undefined` for a name. */
function numbersOf({ hostname }: URL): number[] | undefined {
  if (/^\d+(\.\d+){3}$/.test(hostname)) return hostname.split('.').map(Number);
  if (!hostname.startsWith('[')) return undefined;
  const [left = [], right = []] = hostname.slice(1, -1).split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((digits) => Number.parseInt(digits, 16));
}

function reachOfV4([a = 0, b = 0, c = 0]: readonly number[]): Reach | undefined {
  if (a === 127) return 'loopback';
  // RFC 1918, link-local, shared behind a carrier's translation.
  const isPrivate =
    a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168) || (a === 169 && b === 254) || (a === 100 && b >> 6 === 1);
  if (isPrivate) return 'private';
  // Wildcards, multicast, reserved, the IETF's own, documentation, benchmarks.
  const isNobodys = a === 0 || a >= 224 || (a === 198 && b >> 1 === 9);
  return isNobodys || ['192,0,0', '192,0,2', '198,51,100', '203,0,113'].includes(`${a},${b},${c}`) ? undefined : 'public';
}

function reachOfV6(numbers: readonly number[]): Reach | undefined {
  const inner = within(numbers);
  if (inner) return reachOfV4(inner);
  if (numbers.join() === '0,0,0,0,0,0,0,1') return 'loopback';
  const [first = 0, second] = numbers;
  if (first >> 9 === 0x7e || first >> 6 === 0x3fa) return 'private';
  // Of the rest only this block is given out (RFC 4291), and one part of it is documentation.
  return first >> 13 === 1 && !(first === 0x2001 && second === 0xdb8) ? 'public' : undefined;
}

/** The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052) or tunnelled (RFC 3056). */
function within(numbers: readonly number[]): number[] | undefined {
  const isTunnel = numbers[0] === 0x2002;
  const isWithin = isTunnel || ['0,0,0,0,0,65535', '100,65435,0,0,0,0'].includes(numbers.slice(0, 6).join());
  return isWithin ? numbers.slice(isTunnel ? 1 : 6).slice(0, 2).flatMap((two) => [two >> 8, two & 255]) : undefined;
}
