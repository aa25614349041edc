// Words that come no more often than somebody can read them.

/** Between two words, in milliseconds. */
const TELL_MS = 200;

/** Has `tell` called soon, and once for all who wanted it until then. */
export function nowAndThen(tell: () => void): () => void {
  let isTelling = false;
  return () => {
    if (isTelling) return;
    isTelling = true;
    setTimeout(() => {
      isTelling = false;
      tell();
    }, TELL_MS);
  };
}
