// Which of the addresses that peers claim a tab may dial. Native peers keep to the same table of examples,
// `tests/vectors/addresses.json`; what it calls private no page of the web may reach. Whoever is linked may claim any address, and
// whoever hears of it may dial it: so a claim is the address of a WebSocket and nothing else.

import { utf8 } from './bytes.js';
import { ADDRESS_MAX } from './limits.js';
import { groupsOf, isLoopback, parseUrl } from './urls.js';

/** From where an address is reached: from everywhere, or from this machine. */
export type Reach = 'public' | 'loopback';

/** Names of hosts of the network around, a single word being one, or of none (RFC 2606, 6761, 6762, 7686, 8375). */
const LOCAL_NAME = /^[^.]*$|(^|\.)(local|internal|lan|home|home\.arpa|invalid|test|onion)$/;

/**
 * IPv4 addresses that are no public ones: of one network (RFC 1918, link-local, behind a carrier's translation), wildcards, multicast,
 * reserved, the IETF's own, documentation, benchmarks.
 */
const LOCAL_V4 =
  /^(0|10|127|22[4-9]|2[345]\d|169\.254|172\.(1[6-9]|2\d|3[01])|192\.(168|0\.[02])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|198\.(1[89]|51\.100)|203\.0\.113)\./;

const V4 = /^\d+(\.\d+){3}$/;

/** From where an address that a peer claims is reached; `undefined` if from nowhere that a page may dial. */
export function reachOf(text: string): Reach | undefined {
  const url = utf8(text).length <= ADDRESS_MAX ? parseUrl(text) : undefined;
  // A path may mean something to another service; `/peer` is where a gateway finds its peer.
  if (!url || !/^wss?:$/.test(url.protocol) || !/^\/(peer)?$/.test(url.pathname)) return undefined;
  if (url.username + url.password + url.search + url.hash !== '') return undefined;
  // Below 1,024 other services listen, some of which obey what a stranger writes into a handshake.
  if (!/^(80|443|[1-9]\d{3,})?$/.test(url.port) || (url.port.length === 4 && url.port < '1024')) return undefined;
  const host = hostOf(url);
  if (isLoopback(host)) return 'loopback';
  const isPublic = V4.test(host) ? !LOCAL_V4.test(host) : host.startsWith('[') ? isPublicV6(host) : !LOCAL_NAME.test(host);
  return isPublic ? 'public' : undefined;
}

/** What is likely to be one owner's: the /16 of an IPv4 address, the /32 of an IPv6 address, the last two words of a name. */
export function ownerOf(text: string): string {
  const host = hostOf(new URL(text));
  if (host.startsWith('[')) return host.split(':', 2).join();
  const words = host.split('.');
  return (V4.test(host) ? words.slice(0, 2) : words.slice(-2)).join();
}

/** The host without the root of a name, and the IPv4 address that an IPv6 address stands for: mapped, translated, tunnelled. */
function hostOf({ hostname }: URL): string {
  if (!hostname.startsWith('[')) return hostname.replace(/\.+$/, '');
  const numbers = groupsOf(hostname);
  const isTunnel = numbers[0] === 0x2002;
  if (!isTunnel && !['0,0,0,0,0,65535', '100,65435,0,0,0,0'].includes(numbers.slice(0, 6).join())) return hostname;
  const [high = 0, low = 0] = numbers.slice(isTunnel ? 1 : 6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Of all IPv6 addresses only 2000::/3 is given out (RFC 4291), and one part of it is documentation. */
function isPublicV6(host: string): boolean {
  const [first = 0, second] = groupsOf(host);
  return first >> 13 === 1 && !(first === 0x2001 && second === 0xdb8);
}
