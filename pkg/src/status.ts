// How an operation ended; the engine's numbers. Constants, not an object: bundlers put numbers in their place.

export const ok = 100;
export const partial = 104;
export const badRequest = 200;
export const unauthorized = 201;
export const forbidden = 202;
export const notFound = 203;
export const tooManyRequests = 205;
export const internalError = 300;
export const notImplemented = 301;
export const unavailable = 303;
export const timedOut = 304;
export const versionNotSupported = 305;
export const insufficientStorage = 306;
export const networkFull = 307;
