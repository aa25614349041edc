// A reporter for Node's test runner, beside the usual one: a test that was skipped or is still to be written, and a file without a
// test, fail the run and are named. `cargo xtask` adds it where CI=true, so that nothing passes there without having been tried.

export default async function* noSkips(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // Node reports a file that has no test as one that passed.
    const why = data.skip ?? data.todo ?? (data.name === data.file ? 'it is a file without a test' : undefined);
    if (why !== undefined) {
      process.exitCode = 1;
      yield `error: CI skips nothing, but "${data.name}" was not tried: ${typeof why === 'string' ? why : 'no reason is given'}\n`;
    }
  }
}
