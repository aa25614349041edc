// Serves the pages that scenarios run in: an empty one that has the npm package by an import map.

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

import { ROOT, pkg } from './places.js';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
};

/** What `import 'tabmesh'` means, and the other entries of the package in the folder `root`. */
function imports(root) {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, door]) => door.default);
  return Object.fromEntries(entries.map(([name, door]) => [join('tabmesh', name), join('/pkg', door.default)]));
}

/** A page with `tabmesh` and its other entries, from the folder `root`, importable from it. */
export const page = (script, root = pkg()) => `<!doctype html>
<meta charset="utf-8">
<title>tabmesh scenario</title>
<script type="importmap">${JSON.stringify({ imports: imports(root) })}</script>
<script type="module">${script}</script>
`;

export class PageServer {
  #server;
  #package;
  #pages = new Map();

  /** Serves the npm package in the folder `root` on a free port of localhost. */
  static async start(root = pkg()) {
    const pages = new PageServer();
    pages.#package = root;
    pages.#server = createServer((request, response) => pages.#answer(request, response));
    await new Promise((resolve) => pages.#server.listen(0, '127.0.0.1', resolve));
    pages.origin = `http://localhost:${pages.#server.address().port}`;
    pages.add('/', page(`import '/harness/lab.js';`, root));
    return pages;
  }

  /** Serves `html` at `path` as well. */
  add(path, html) {
    this.#pages.set(path, html);
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request, response) {
    const path = normalize(new URL(request.url, this.origin).pathname);
    const html = this.#pages.get(path);
    if (html !== undefined) return response.writeHead(200, { 'content-type': TYPES['.html'] }).end(html);
    const file = this.#fileOf(path);
    if (!file) return response.writeHead(404).end('nothing here');
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  }

  /** Only the package, the harness, the benches and what they stand beside are served. `normalize` took every `..` out. */
  #fileOf(path) {
    const tests = join(ROOT, 'tests');
    const roots = { '/pkg/': this.#package, '/harness/': join(tests, 'harness'), '/bench/': join(tests, 'bench'), '/node_modules/': join(tests, 'node_modules') };
    const root = Object.keys(roots).find((start) => path.startsWith(start));
    const file = root && join(roots[root], path.slice(root.length));
    return file && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
  }
}

/** Serves what is in `folder`, and nothing else, on a free port of localhost. */
export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end('nothing here');
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://localhost:${server.address().port}`, close };
}
