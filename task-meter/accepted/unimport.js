// Turns every import of a module into a definition of its own, so that what a module imports and what else it is can be judged apart: who
// runs it as a task has to bring the imports along (`../corpus/doors`).

const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const number = (value) => {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
};

/** Reads numbers and bytes of a module. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      if (byte === undefined || shift > 63) throw new Error('the module is cut off');
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  name() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  since(start) {
    return [...this.bytes.subarray(start, this.at)];
  }
}

/** A value type, and with the bytes of a reference to a type of its own. */
function valueType(reader) {
  const start = reader.at;
  if ([0x63, 0x64].includes(reader.bytes[reader.at++])) reader.number();
  return reader.since(start);
}

function limits(reader) {
  const start = reader.at;
  const flags = reader.number();
  reader.number();
  if (flags & 1) reader.number();
  return reader.since(start);
}

const ZEROS = { 0x7f: [0x41, 0], 0x7e: [0x42, 0], 0x7d: [0x43, 0, 0, 0, 0], 0x7c: [0x44, 0, 0, 0, 0, 0, 0, 0, 0] };
const FUNCTION = 3;
const CODE = 10;

/** The sections by their number: `[count, bytes of the items]`, or the bytes as they are where nothing is put before. */
function sectionsOf(bytes) {
  const reader = new Reader(bytes, 8);
  const sections = new Map();
  while (reader.at < bytes.length) {
    const id = bytes[reader.at++];
    const length = reader.number();
    if (id !== 0) sections.set(id, bytes.subarray(reader.at, reader.at + length));
    reader.at += length;
  }
  return sections;
}

/**
 * The module without imports, and which it had: module, name, kind (0 a function, 1 a table, 2 a memory, 3 a global, 4 a tag).
 *
 * @throws Error for bytes that are no module
 */
export function unimport(bytes) {
  const sections = sectionsOf(bytes);
  const before = new Map([FUNCTION, CODE, 4, 5, 6, 13].map((id) => [id, []]));
  const imports = [];
  const list = sections.get(2);
  if (list) {
    const reader = new Reader(list);
    for (let left = reader.number(); left > 0; left -= 1) {
      const [module, name, kind] = [reader.name(), reader.name(), list[reader.at++]];
      imports.push({ module, name, kind });
      if (kind === 0) {
        before.get(FUNCTION).push(number(reader.number()));
        before.get(CODE).push([3, 0, 0, 0x0b]);
      } else if (kind === 1) before.get(4).push([...valueType(reader), ...limits(reader)]);
      else if (kind === 2) before.get(5).push(limits(reader));
      else if (kind === 3) {
        const type = valueType(reader);
        before.get(6).push([...type, list[reader.at++], ...(ZEROS[type[0]] ?? [0xd0, type.at(-1)]), 0x0b]);
      } else {
        const start = reader.at++;
        reader.number();
        before.get(13).push(reader.since(start));
      }
    }
  }
  sections.delete(2);
  const parts = [bytes.subarray(0, 8)];
  for (const id of ORDER) {
    const added = before.get(id) ?? [];
    const section = sections.get(id);
    if (!section && added.length === 0) continue;
    if (added.length === 0) {
      parts.push([id, ...number(section.length)], section);
      continue;
    }
    const reader = new Reader(section ?? Uint8Array.of(0));
    const count = reader.number() + added.length;
    const head = [...number(count), ...added.flat()];
    const rest = reader.bytes.subarray(reader.at);
    parts.push([id, ...number(head.length + rest.length)], head, rest);
  }
  return { module: new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part)))), imports };
}
