// The numbers that outputs have at the border. Made by `cargo xtask border` from
// `core-wasm/engine/src/io/table/`, which says what goes with each.

export const send = 0;
export const openSocket = 1;
export const openOffer = 2;
export const openAnswer = 3;
export const answered = 4;
export const close = 5;
export const signalOpen = 6;
export const signal = 7;
export const signalClose = 8;
export const sign = 9;
export const verify = 10;
export const load = 11;
export const store = 12;
export const absent = 13;
export const scan = 14;
export const joined = 15;
export const offline = 16;
export const peerUp = 17;
export const peerDown = 18;
export const dialFailed = 19;
export const signalRefused = 20;
export const found = 21;
export const done = 23;
export const links = 24;
export const neighbourhood = 25;
export const wanted = 26;
export const openCircuit = 27;
export const unseal = 28;
export const published = 29;
export const recall = 30;
export const signMessage = 31;
export const checkMessage = 32;
export const seal = 33;
export const clock = 34;
export const ports = 35;
export const said = 36;
export const asked = 37;
export const replied = 38;

/** Bytes of one link in what {@link links} hands out. */
export const LINK_VIEW = 49;
