// What can be put, read as it was when it was given: what changes meanwhile is an error, never other content.

import { type Bytes, copyOf, kindOf, utf8 } from './bytes.js';
import * as CODE from './codes.js';
import { MeshError } from './errors.js';

/** Content on its way in. */
export interface Source {
  /** Bytes, where that is known beforehand. */
  readonly size: number | null;
  /**
   * The bytes, once; each chunk has memory of its own. `signal` ends it, also where the next chunk never comes.
   *
   * @throws MeshError BadData where they changed meanwhile, or the error of a stream
   * @throws the reason of `signal` when it aborts
   */
  chunks(signal: AbortSignal): AsyncGenerator<Bytes, void, void>;
}

/**
 * Takes what it is given: bytes are copied before this returns. Bytes, Blobs and streams may be of another realm, such as a frame.
 *
 * @throws MeshError BadData
 */
export function sourceOf(data: unknown): Source {
  if (typeof data === 'string') return whole(utf8(data));
  const bytes = bytesIn(data);
  if (bytes) return whole(bytes);
  const kind = kindOf(data);
  if (kind === 'Blob' || kind === 'File') return new BlobSource(data as Blob | File);
  if (kind !== 'ReadableStream') throw bad(`this is of type ${kind}`);
  return new StreamSource(data as ReadableStream<unknown>);
}

function whole(bytes: Bytes): Source {
  return {
    size: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

/** A Blob, or a file that may be written to, cut or deleted while it is read. */
class BlobSource implements Source {
  readonly size: number;
  readonly #file: Blob | File;
  readonly #time: number | undefined;
  /** Bound to the size and the time that the file has now, where the browser looks at them. */
  readonly #now: Blob;

  constructor(file: Blob | File) {
    this.#file = file;
    this.size = file.size;
    this.#time = timeOf(file);
    this.#now = file.slice(0, this.size);
  }

  async *chunks(signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    let [read, sum] = [0, 0];
    try {
      for await (const chunk of this.#read(signal)) {
        read += chunk.length;
        sum = sumOf(chunk, sum);
        yield chunk;
      }
      if (read === this.size && (await this.#isSame(sum, signal))) return;
    } catch (cause) {
      signal.throwIfAborted();
      throw changed(cause);
    }
    throw changed();
  }

  /**
   * Whether it is what was read. Chromium looks at a file's size and time when it is asked, and when it begins to read; Firefox never
   * does. So a file is read twice: what was written to meanwhile is not the same the second time.
   */
  async #isSame(sum: number, signal: AbortSignal): Promise<boolean> {
    if (this.#file.size !== this.size || timeOf(this.#file) !== this.#time) return false;
    // What is no file cannot change.
    if (this.#time === undefined) return true;
    let again = 0;
    for await (const chunk of this.#read(signal)) again = sumOf(chunk, again);
    return again === sum;
  }

  #read(signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    return chunksOf(this.#now.stream().getReader(), signal);
  }
}

class StreamSource implements Source {
  readonly size = null;
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  constructor(stream: ReadableStream<unknown>) {
    if (stream.locked) throw bad('the stream is read by somebody else');
    this.#reader = stream.getReader();
  }

  chunks(signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
    return chunksOf(this.#reader, signal);
  }
}

/** Copies what comes at once: whoever writes a stream may use its memory again. */
async function* chunksOf(reader: ReadableStreamDefaultReader<unknown>, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
  let isAtEnd = false;
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      isAtEnd = done;
      if (done) return;
      const bytes = bytesIn(value);
      if (!bytes) throw bad(`the stream has a chunk of type ${kindOf(value)}`);
      yield bytes;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    if (!isAtEnd) cancel();
    reader.releaseLock();
  }
}

function bytesIn(data: unknown): Bytes | undefined {
  try {
    return copyOf(data);
  } catch (cause) {
    throw bad('its buffer was transferred, or there is no memory for a copy', cause);
  }
}

/** FNV-1a of bytes that follow others: it tells accidents, no more. */
function sumOf(bytes: Bytes, before: number): number {
  let sum = before;
  // Seven times as fast as for ... of.
  for (let at = 0; at < bytes.length; at += 1) sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x0100_0193);
  return sum;
}

const timeOf = (file: Blob | File): number | undefined => ('lastModified' in file ? file.lastModified : undefined);

const bad = (detail: string, cause?: unknown): MeshError => new MeshError(CODE.badData, detail, { cause });

const changed = (cause?: unknown): MeshError => bad('the file changed while it was read', cause);
