import { defineConfig, type Plugin } from 'vite';

/**
 * What the built page may do. Everything comes from its own origin; WebSockets may go anywhere, because a peer's
 * address can be anywhere. `blob:` shows what was fetched: images, sound and video as such, a PDF in a frame.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  'media-src blob:',
  'frame-src blob:',
  "connect-src 'self' ws: wss:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** What the heads of all pages have. */
function sharedHead(): Plugin {
  const meta = (attrs: Record<string, string>) => ({ tag: 'meta', attrs, injectTo: 'head' as const });
  return {
    name: 'shared-head',
    transformIndexHtml: () => [
      meta({ name: 'viewport', content: 'width=device-width, initial-scale=1, viewport-fit=cover' }),
      meta({ name: 'color-scheme', content: 'light dark' }),
      meta({ name: 'theme-color', media: '(prefers-color-scheme: light)', content: '#e9efed' }),
      meta({ name: 'theme-color', media: '(prefers-color-scheme: dark)', content: '#0a1416' }),
      meta({ name: 'referrer', content: 'no-referrer' }),
      { tag: 'link', attrs: { rel: 'icon', type: 'image/svg+xml', href: './icon.svg' }, injectTo: 'head' },
    ],
  };
}

/** Puts the policy into the built page only: the development server needs inline styles for hot replacement. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' },
    ],
  };
}

export default defineConfig({
  // Relative, so that the built page can be served at any path.
  base: './',
  plugins: [sharedHead(), contentSecurityPolicy()],
  build: {
    target: 'es2022',
    // Nothing inline: the policy allows files of this origin only, and the Wasm core keeps its hashed name.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'tasks.html', 'jobs.html', 'offer.html', 'ledger.html'] },
  },
  // The package finds its Wasm file beside its own module; bundling it ahead would move one away from the other.
  optimizeDeps: { exclude: ['tabmesh'] },
  server: { fs: { allow: ['.', '../pkg', '../task-meter/guests/built'] } },
  // A test reads the letters of the ring from its style sheet.
  test: { environment: 'node', include: ['test/**/*.test.ts'], css: true },
} as Parameters<typeof defineConfig>[0]);
