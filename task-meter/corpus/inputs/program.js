// What an interpreter does all day: closures, objects, strings, regular expressions, sorting, big numbers.
const random = ((state) => () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0))(7);

function sieve(end) {
  const isComposite = new Uint8Array(end);
  const primes = [];
  for (let n = 2; n < end; n += 1) {
    if (isComposite[n]) continue;
    primes.push(n);
    for (let multiple = n * n; multiple < end; multiple += n) isComposite[multiple] = 1;
  }
  return primes;
}

class Heap {
  #keys = [];
  push(key) {
    let at = this.#keys.push(key) - 1;
    while (at > 0 && this.#keys[(at - 1) >> 1] > key) {
      this.#keys[at] = this.#keys[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    this.#keys[at] = key;
  }
  pop() {
    const [least] = this.#keys;
    const key = this.#keys.pop();
    const { length } = this.#keys;
    if (length === 0) return least;
    let at = 0;
    for (let child = 1; child < length; child = at * 2 + 1) {
      if (child + 1 < length && this.#keys[child + 1] < this.#keys[child]) child += 1;
      if (this.#keys[child] >= key) break;
      this.#keys[at] = this.#keys[child];
      at = child;
    }
    this.#keys[at] = key;
    return least;
  }
  *[Symbol.iterator]() {
    while (this.#keys.length > 0) yield this.pop();
  }
}

const heap = new Heap();
for (let count = 0; count < 1000; count += 1) heap.push(random());
const keys = [...heap];
const words = keys.map((key) => key.toString(36)).join(' ');
const letters = {};
for (const [letter] of words.matchAll(/[a-z]/g)) letters[letter] = (letters[letter] ?? 0) + 1;
let factorial = 1n;
for (let n = 1n; n <= 150n; n += 1n) factorial *= n;

JSON.stringify({
  primes: sieve(20_000).length,
  isSorted: keys.every((key, at) => at === 0 || keys[at - 1] <= key),
  letters: Object.entries(letters).sort(([one], [other]) => (one < other ? -1 : 1)),
  factorial: factorial.toString(),
  sum: keys.reduce((sum, key) => sum + Math.sqrt(key), 0),
  caught: (() => {
    try {
      return null.nothing;
    } catch (error) {
      return error instanceof TypeError;
    }
  })(),
});
