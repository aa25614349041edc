// Where the Wasm module hands out what it wants done. The generated glue imports this module by its place.

/** Takes one output; `id` and `bytes` are views of Wasm memory that die with the call. */
export type Receiver = (kind: number, number: number, value: number, id: Uint8Array, bytes: Uint8Array) => void;

const receivers = new Map<number, Receiver>();
let last = 0;

/** The number under which a new core reaches `receiver`. */
export function receive(receiver: Receiver): number {
  last += 1;
  receivers.set(last, receiver);
  return last;
}

/** The core of this number is gone. */
export function release(core: number): void {
  receivers.delete(core);
}

/** Called by Wasm only. */
export function output(
  core: number,
  kind: number,
  number: number,
  value: number,
  id: Uint8Array,
  bytes: Uint8Array,
): void {
  receivers.get(core)?.(kind, number, value, id, bytes);
}
