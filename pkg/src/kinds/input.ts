// The numbers that inputs have at the border. Made by `cargo xtask border` from
// `core-wasm/engine/src/io/table/`, which says what goes with each.

export const timeout = 0;
export const wallTime = 1;
export const described = 2;
export const linkUp = 3;
export const linkDown = 4;
export const linkBytes = 5;
export const linkDrained = 6;
export const signalUp = 7;
export const signalDown = 8;
export const signalBytes = 9;
export const signature = 10;
export const verified = 11;
export const loaded = 12;
export const missing = 13;
export const stored = 14;
export const mismatch = 15;
export const full = 16;
export const hashes = 17;
export const failed = 18;
export const put = 19;
export const get = 20;
export const find = 21;
export const cancel = 23;
export const addresses = 24;
export const wake = 25;
export const leave = 26;
export const sealed = 27;
export const subscribe = 28;
export const unsubscribe = 29;
export const publish = 30;
export const open = 31;
export const tell = 32;
export const ask = 33;
export const reply = 34;
export const hold = 35;
