import './style/base.css';
import './style/layout.css';
import './style/ring.css';
import './style/files.css';
import { render } from 'preact';
import { join } from 'tabmesh';
import { App } from './app.tsx';
import { Session } from './session.ts';
import { readSettings } from './settings.ts';
import { isTrusted, strangersIn } from './strangers.ts';
import { Transfers } from './transfers.ts';

const settings = readSettings(location.search);
const strangers = strangersIn(settings, location.href);
const session = new Session(join, settings, strangers);
const transfers = new Transfers(session);
const root = document.getElementById('app')!;
root.replaceChildren();
render(<App session={session} transfers={transfers} settings={settings} />, root);

// Whoever gave the link may have chosen by whom this tab joins: a person decides.
if (isTrusted(strangers)) void session.start();
// The package says goodbye when the page goes away; one that the browser kept and brings back joins again.
addEventListener('pageshow', (event) => {
  if (event.persisted && session.phase.value !== 'asking') void session.start();
});
