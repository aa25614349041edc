import type { OfferState } from 'tabmesh/job';
import { count, formatGas } from '../format.ts';
import { hueOf, nameOf } from '../jobs/who.ts';
import type { Session } from '../session.ts';
import type { Settings } from '../settings.ts';
import { Header } from '../ui/header.tsx';
import { Alert, Standing } from '../ui/standing.tsx';
import type { Offering } from './offering.ts';

interface Props {
  readonly session: Session;
  readonly settings: Settings;
  readonly offering: Offering;
}

/** The page: the switch and its limits on one side, what is computed, and for whom, on the other. */
export function Page({ session, settings, offering }: Props) {
  return (
    <>
      <Header session={session} />
      <main class="jobs">
        <div class="work">
          {session.phase.value === 'joined' ? <Welcome /> : <Standing session={session} settings={settings} />}
          <Switch offering={offering} />
          {offering.trouble.value && <Alert trouble={offering.trouble.value} />}
        </div>
        <Done offering={offering} />
      </main>
    </>
  );
}

function Welcome() {
  return (
    <section class="standing" aria-labelledby="offer">
      <h1 id="offer">Lend a core</h1>
      <p class="lead">
        This tab can compute for others while you do something else. Programs of strangers run in Workers that see their input and
        nothing else of this device: no files, no network, no screen. The electricity is yours.
      </p>
    </section>
  );
}

function Switch({ offering }: { readonly offering: Offering }) {
  const { isGiven, cores, memoryMiB, whenHidden } = offering.consent.value;
  return (
    <form class="give task" aria-label="What this device gives" onSubmit={(event) => event.preventDefault()}>
      <label class="check switch">
        <input
          type="checkbox"
          role="switch"
          checked={isGiven}
          onChange={(event) => offering.change({ isGiven: event.currentTarget.checked })}
          data-testid="offer-switch"
        />
        <strong>{isGiven ? 'This tab computes for others' : 'This tab computes for nobody'}</strong>
      </label>
      <label>
        {count(cores, 'core')} of {offering.coresMax + 1}; fewer on battery
        <input
          type="range"
          min={1}
          max={offering.coresMax}
          value={cores}
          onChange={(event) => offering.change({ cores: Number(event.currentTarget.value) })}
          data-testid="offer-cores"
        />
      </label>
      <label>
        Memory of a task
        <select value={String(memoryMiB)} onChange={(event) => offering.change({ memoryMiB: Number(event.currentTarget.value) })}>
          {[64, 256, 1024].map((size) => (
            <option key={size} value={String(size)}>
              {size} MiB
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={whenHidden}
          onChange={(event) => offering.change({ whenHidden: event.currentTarget.checked })}
          data-testid="offer-hidden"
        />
        Also while this page is hidden
      </label>
      <p>Remembered on this device, and used by all pages of this app in it. Switched off, all ends at once.</p>
    </form>
  );
}

function Done({ offering }: { readonly offering: Offering }) {
  const state = offering.state.value;
  const done = [...(state?.byRequester ?? [])].sort(([, a], [, b]) => b.tasks - a.tasks);
  return (
    <section class="outcome" aria-label="What was computed" data-testid="offer" data-on={state?.isOn ?? false} data-done={state?.done ?? 0}>
      <p class="hidden" role="status" data-testid="offer-news">
        {state && newsOf(state)}
      </p>
      {!state && <p class="file-note">What this tab computes, and for whom, is shown here.</p>}
      {state && (
        <>
          <h2>{headOf(state.isOn, state.running.length)}</h2>
          <dl class="figures">
            <dt>Tasks done</dt>
            <dd data-testid="offer-done">{state.done.toLocaleString('en')}</dd>
            <dt>Gas</dt>
            <dd>{formatGas(state.gas)}</dd>
            <dt>For</dt>
            <dd>{count(done.length, 'stranger')}</dd>
          </dl>
          {done.length > 0 && <Table done={done} running={state.running} />}
        </>
      )}
    </section>
  );
}

interface Rows {
  readonly done: readonly (readonly [id: string, { readonly tasks: number }])[];
  readonly running: OfferState['running'];
}

function Table({ done, running }: Rows) {
  return (
    <table class="who">
      <caption>For whom</caption>
      <thead>
        <tr>
          <th scope="col">Stranger</th>
          <th scope="col">Tasks done</th>
          <th scope="col">Under way</th>
        </tr>
      </thead>
      <tbody>
        {done.map(([id, { tasks }]) => {
          const now = running.filter((batch) => batch.for === id).reduce((sum, batch) => sum + batch.tasks - batch.done, 0);
          return (
            <tr key={id} style={{ color: `hsl(${hueOf(id)} 60% 50%)` }} data-requester={id}>
              <th scope="row" title={id}>
                <i />
                <code>{nameOf(id)}</code>
              </th>
              <td class="figure">{tasks.toLocaleString('en')}</td>
              <td class="figure">{now}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** For ears: what is going on, and how much was done in round numbers, so that not each task is told. */
function newsOf({ isOn, running, done }: OfferState): string {
  const strangers = new Set(running.map((batch) => batch.for)).size;
  const forWhom = strangers > 0 ? ` for ${count(strangers, 'stranger')}` : '';
  const soFar = done < 10 ? count(done, 'task') : `more than ${(10 ** Math.floor(Math.log10(done))).toLocaleString('en')} tasks`;
  return `${headOf(isOn, running.length)}${forWhom}. ${soFar} done.`;
}

function headOf(isOn: boolean, batches: number): string {
  if (!isOn) return 'Resting: the page is hidden or in use';
  return batches > 0 ? 'At work' : 'Ready, nothing to do';
}
