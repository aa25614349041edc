// Files that are no checkpoint, each for one reason: no shell may read any of them as a job.

import { utf8, u32, concat, textOf } from '../dist/bytes.js';

const flat = (head, ...rest) => {
  const text = typeof head === 'object' && !(head instanceof Uint8Array) ? utf8(JSON.stringify(head)) : head;
  return concat(u32(text.length), text, ...rest);
};

/** @param good a checkpoint with a reduction behind its list */
export function badCheckpoints(good) {
  const length = new DataView(good.buffer, good.byteOffset).getUint32(0);
  const [text, rest] = [textOf(good.slice(4, 4 + length)), good.slice(4 + length)];
  const all = [];
  const add = (why, file) => all.push({ why, file: Buffer.from(file).toString('base64') });
  const changed = (why, change) => {
    const head = JSON.parse(text);
    add(why, flat(change(head) ?? head, rest));
  };
  const heads = {
    'another version': (head) => void (head.version = 2),
    'no CID of a job': (head) => void (head.cid = 'job'),
    'no CID at all': (head) => void delete head.cid,
    'gas beyond 2^62': (head) => void (head.gas = `${2n ** 62n + 1n}`),
    'gas as a number': (head) => void (head.gas = 5),
    'gas with a sign': (head) => void (head.gas = '+5'),
    'gas with a zero before it': (head) => void (head.gas = '05'),
    'gas in hexadecimal': (head) => void (head.gas = '0x5'),
    'no gas': (head) => void (head.gas = ''),
    'a level that there is not': (head) => void (head.validation = 5),
    'half a level': (head) => void (head.validation = 1.5),
    'fewer invocations than none': (head) => void (head.invocations = -1),
    'half an invocation': (head) => void (head.invocations += 0.5),
    'invocations as a text': (head) => void (head.invocations = `${head.invocations}`),
    'more invocations than there are': (head) => void (head.invocations += 1_000),
    'a record of nobody': (head) => void (head.records = [['ab', 1]]),
    'a record in capitals': (head) => void (head.records = [['AB'.repeat(32), 1]]),
    'a record of half a time': (head) => void (head.records = [['ab'.repeat(32), 1.5]]),
    'a record beyond 32 bits': (head) => void (head.records = [['ab'.repeat(32), 2 ** 32]]),
    'a field that there is not': (head) => void (head.more = 1),
    'fields in another order': (head) => Object.fromEntries(Object.entries(head).reverse()),
  };
  for (const [why, change] of Object.entries(heads)) changed(why, change);
  const stages = {
    'no stages': (head) => void (head.stages = []),
    'the list as an each': ({ stages: [list] }) => void (list.kind = 'each'),
    'a list behind the list': ({ stages: [, next] }) => void (next.kind = 'list'),
    'an arity of the list': (head) => void (head.stages[0] = { kind: 'list', arity: 2, modules: head.stages[0].modules }),
    'a stage of no module': ({ stages: [, next] }) => void (next.modules = []),
    'a stage of two modules': ({ stages: [, next] }) => void next.modules.push(next.modules[0]),
  };
  for (const [why, change] of Object.entries(stages)) changed(why, change);
  const arities = { 'an arity of one': 1, 'an arity beyond 1,024': 1_025, 'half an arity': 2.5, 'no arity': undefined };
  for (const [why, arity] of Object.entries(arities)) changed(why, ({ stages: all }) => void (all.find(({ kind }) => kind === 'reduce').arity = arity));
  const modules = {
    'fewer bytes of a module than none': ({ bytes }) => ({ bytes: -bytes }),
    'half a byte of a module': ({ bytes }) => ({ bytes: bytes + 0.5 }),
    'bytes of a module as a text': ({ bytes }) => ({ bytes: `${bytes}` }),
    'a module beyond 64 MiB': () => ({ bytes: 2 ** 26 + 1 }),
    'no pages': () => ({ pages: 0 }),
    'too many pages': () => ({ pages: 65_537 }),
    'a seed of 31 bytes': () => ({ seed: '00'.repeat(31) }),
    'a seed in capitals': () => ({ seed: 'AB'.repeat(32) }),
    'a time beyond 64 bits': () => ({ time: `${2n ** 64n}` }),
    'a time before 1970': () => ({ time: '-1' }),
    'a piece beyond 16 MiB': () => ({ piece: 2 ** 24 + 1 }),
  };
  for (const [why, change] of Object.entries(modules)) {
    changed(why, ({ stages: [list] }) => void Object.assign(list.modules[0], change(list.modules[0])));
  }
  const spelt = {
    'a field twice': text.replace('"validation":', '"validation":0,"validation":'),
    'a space': text.replace(',"gas"', ', "gas"'),
    'a whole number as a fraction': text.replace('"version":1', '"version":1.0'),
    'no JSON': '{',
  };
  for (const [why, other] of Object.entries(spelt)) add(why, flat(utf8(other), rest));
  const [before, after] = text.split('"list"').map(utf8);
  add('no UTF-8', flat(concat(before, Uint8Array.of(0x22, 0xff, 0x22), after), rest));
  add('nothing', new Uint8Array(0));
  for (const [why, given] of badInvocations()) add(why, withInvocations(JSON.parse(text), given));
  return all;
}

const CONTENT = concat(Uint8Array.of(1, 0x55, 0x12, 0x20), new Uint8Array(32).fill(7));
const INPUT = concat(Uint8Array.of(0, 0, 0), u32(1), utf8('a'));

/** Two invocations of which the second is none. */
function badInvocations() {
  const content = (at, byte) => concat(Uint8Array.of(3, 0, 0), CONTENT.map((own, index) => (index === at ? byte : own)));
  const second = {
    'an input beyond 16 MiB': concat(Uint8Array.of(0, 0, 0), u32(2 ** 24 + 1)),
    'a module that there is not': concat(Uint8Array.of(0, 0, 1), u32(1), utf8('a')),
    'a kind of input that there is not': concat(Uint8Array.of(4, 0, 0), u32(1), utf8('a')),
    'one that awaits itself': concat(Uint8Array.of(1, 0, 0), u32(1)),
    'a list of none': Uint8Array.of(2, 0, 0, 0, 0),
    'a list beyond 1,024': concat(Uint8Array.of(2, 0, 0, 4, 1), new Uint8Array(4 * 1_025)),
    'a content by another version of CIDs': content(0, 2),
    'a content of another codec': content(1, 0x56),
    'a content by another hash': content(2, 0x13),
    'a content by a longer hash': content(3, 0x21),
  };
  return Object.entries(second);
}

function withInvocations(head, second) {
  const [module] = head.stages[0].modules;
  const stages = [{ kind: 'list', modules: [{ ...module, bytes: 6 }] }];
  return flat({ ...head, stages, invocations: 2, records: [] }, utf8('module'), INPUT, second);
}
