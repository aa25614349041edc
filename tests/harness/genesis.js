// The genesis of a test network, as `docs/LEDGER.md` writes it down.

import { createHash } from 'node:crypto';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

function number(bytes, value) {
  const written = Buffer.alloc(bytes);
  for (let at = 0, rest = BigInt(value); at < bytes; at += 1, rest >>= 8n) written[bytes - 1 - at] = Number(rest & 255n);
  return written;
}

/** Where the account of an id lies: the last bit says nothing. */
function accountOf(id) {
  const key = Buffer.from(id);
  key[31] &= 254;
  return key;
}

/**
 * Its bytes. `voters`: their public keys, `accounts`: ids, both as hexadecimal digits; a voter can spend 100 credits beside its bond, others 50.
 */
export function genesisOf(voters, accounts = [], { network = 'tabmesh', epochMs = 2000, startsMs = Date.now() } = {}) {
  const byAccount = (id) => (one, other) => Buffer.compare(accountOf(id(one)), accountOf(id(other)));
  const keys = voters.map((key) => Buffer.from(key, 'hex')).sort(byAccount(sha256));
  const ids = accounts.map((id) => Buffer.from(id, 'hex')).sort(byAccount((id) => id));
  const terms = [number(4, epochMs), number(4, 1000), number(4, 1000), number(4, 10), number(8, 1_000_000), number(4, 384)];
  const head = [number(1, 1), sha256(network).subarray(0, 8), number(8, startsMs), number(1, 1), ...terms, number(1, keys.length)];
  return Buffer.concat([...head, ...keys.flatMap((key) => [key, number(8, 100_000_000)]), ...ids.flatMap((id) => [id, number(8, 50_000_000)])]);
}
