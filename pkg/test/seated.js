// A module that gives what it is told to, in front of an engine that only takes notes.

import { concat, u32 } from '../dist/bytes.js';
import { doors } from '../dist/door.js';
import { attach } from '../dist/module/index.js';
import { Operations } from '../dist/operations.js';
import { puppet } from './port-modules.js';

export const PORT = 0x1234_5678;
export const id = (byte) => new Uint8Array(32).fill(byte);
export const SELF = id(1);
export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const byte = (value) => Uint8Array.of(value);
export const u16 = (value) => Uint8Array.of(value >> 8, value);
export const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
export const PUPPET = puppet();

export const tell = (to, bytes) => concat(byte(1), byte(to.length), ...to, bytes);
export const ask = (op, to, bytes, withinMs = 1000) => concat(byte(2), u32(op), to, u32(withinMs), bytes);
export const reply = (ticket, status, bytes) => concat(byte(3), u32(ticket), u16(status), bytes);
export const cancel = (op) => concat(byte(4), u32(op));
export const hold = (...ids) => concat(byte(5), byte(ids.length), ...ids);
export const ticket = (from, withinMs, way = 9) => concat(from, u32(withinMs), byte(way));
export const answered = (op, from, status, { isProven = 0, isHere = 0, bytes = byte(0).subarray(1) } = {}) =>
  concat(byte(3), u32(op), from, byte(isProven), byte(isHere), u16(status), bytes);

/** A mesh of which only the doors are there. */
export function place() {
  const inputs = [];
  const door = {
    modules: undefined,
    state: 'joined',
    identity: { id: SELF, publicKey: new Uint8Array(64).fill(7), sign: async (bytes) => concat(bytes, new Uint8Array(64)).slice(0, 64) },
    network: new Uint8Array(8),
    linked: [],
    peers: () => door.linked.map((id) => ({ id: hex(id), rttMs: 2.5, link: 'relayed' })),
    input: (kind, number = 0, bytes = new Uint8Array(0)) => inputs.push({ kind, number, bytes }),
  };
  door.operations = new Operations(door.input);
  const mesh = { state: 'joined' };
  doors.set(mesh, door);
  /** What the engine was given since this was asked last. */
  const taken = (kind) => inputs.splice(0).filter((input) => kind === undefined || input.kind === kind);
  const event = async (...output) => {
    door.modules.onEvent(...output);
    await turn();
  };
  return { mesh, door, taken, event };
}

/** A puppet at a place; `told` is what it was told since that was asked last. */
export async function seated(options = {}, there = place()) {
  const [events, faults] = [[], []];
  const attached = await attach(there.mesh, {
    port: PORT,
    module: PUPPET,
    onEvent: (bytes) => events.push(bytes),
    onFault: (fault) => faults.push(fault),
    ...options,
  });
  await turn();
  return { ...there, attached, faults, told: () => events.splice(0) };
}
