// The way from a task's Worker to its owner, in browsers and in Node. Apart from the owner's side: a Worker that could start itself
// would be a circle to bundlers.

import { builtIn, isWeb } from './node.js';

export interface Port {
  post(message: unknown, transfer: Transferable[]): void;
  listen(listener: (message: unknown) => void): void;
}

/** The way to the owner, from within a Worker. */
export function ownerPort(): Port {
  const parent = isWeb ? undefined : builtIn('node:worker_threads')?.parentPort;
  if (parent) {
    return {
      post: (message, transfer) => parent.postMessage(message, transfer),
      listen: (listener) => parent.on('message', listener),
    };
  }
  return {
    post: (message, transfer) => postMessage(message, { transfer }),
    listen: (listener) => addEventListener('message', ({ data }) => listener(data)),
  };
}
