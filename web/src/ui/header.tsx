import type { Phase, Session } from '../session.ts';

const WORDS: Record<Phase, string> = {
  asking: 'Not joined',
  joining: 'Joining',
  joined: 'Joined',
  offline: 'Offline',
  closed: 'Closed',
  failed: 'Not joined',
};

/** The name, and the tab's state in one word. */
export function Header({ session }: { readonly session: Session }) {
  const phase = session.phase.value;
  return (
    <header class="top">
      <Brand />
      <nav>
        <a href={`./jobs.html${location.search}`}>Compute together</a>
        <a href={`./offer.html${location.search}`}>Lend a core</a>
        <a href={`./ledger.html${location.search}`}>Credits</a>
        <a href="./tasks.html">Run a task</a>
      </nav>
      <p class="state" role="status" data-testid="state" data-state={phase}>
        {WORDS[phase]}
      </p>
    </header>
  );
}

/** The name, which leads to the start page. */
export function Brand() {
  return (
    <a class="brand" href="./" aria-label="tabmesh, start page">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="16" cy="16" r="16" class="brand-disc" />
        <path d="M16 6A17.32 17.32 0 0 0 24.66 21A17.32 17.32 0 0 0 7.34 21A17.32 17.32 0 0 0 16 6" />
        <circle cx="16" cy="6.5" r="3.5" class="brand-own" />
        <circle cx="24.66" cy="21" r="3" class="brand-tab" />
        <circle cx="7.34" cy="21" r="3" class="brand-relay" />
      </svg>
      tabmesh
    </a>
  );
}
