import { useSignal } from '@preact/signals';
import type { Session } from '../session.ts';
import type { Settings } from '../settings.ts';
import { Header } from '../ui/header.tsx';
import { Standing } from '../ui/standing.tsx';
import type { Asking } from './asking.ts';
import { EXAMPLES } from './examples.ts';
import { Form } from './form.tsx';
import { Progress } from './progress.tsx';

interface Props {
  readonly session: Session;
  readonly settings: Settings;
  readonly asking: Asking;
}

/** The page: what is to be computed on one side, what comes of it on the other. */
export function Page({ session, settings, asking }: Props) {
  const chosen = useSignal(EXAMPLES[0]!);
  return (
    <>
      <Header session={session} />
      <main class="jobs">
        <div class="work">
          {session.phase.value === 'joined' ? <Welcome session={session} /> : <Standing session={session} settings={settings} />}
          <section class="examples" aria-label="Examples">
            {EXAMPLES.map((example) => (
              <button
                type="button"
                key={example.key}
                aria-pressed={chosen.value === example}
                onClick={() => {
                  chosen.value = example;
                  asking.trouble.value = null;
                }}
                data-testid={`example-${example.key}`}
              >
                <strong>{example.name}</strong>
                <span>{example.about}</span>
              </button>
            ))}
          </section>
          <Form key={chosen.value.key} example={chosen.value} asking={asking} />
        </div>
        <Progress asking={asking} session={session} />
      </main>
    </>
  );
}

function Welcome({ session }: { readonly session: Session }) {
  const others = session.peers.value.length;
  return (
    <section class="standing" aria-labelledby="jobs">
      <h1 id="jobs">Many tabs, one answer</h1>
      <p class="lead">
        Work is split, computed by tabs and peers of strangers, and checked: each part by as many as it takes to believe it.
        {others === 0 && ' Nobody else is here yet: open this page in a second window, and let that one compute for others.'}
      </p>
    </section>
  );
}
