// Errors that nobody caught.

/** Reports an error as any uncaught one; Node has no `reportError`. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') return reportError(error);
  queueMicrotask(() => {
    throw error;
  });
}
