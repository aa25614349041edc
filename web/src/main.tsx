import './style/base.css';
import './style/header.css';
import './style/layout.css';
import './style/ring.css';
import './style/files.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { joinAsAddressed } from './joining.ts';
import { Transfers } from './transfers.ts';

const { session, settings } = joinAsAddressed();
const root = document.getElementById('app')!;
root.replaceChildren();
render(<App session={session} transfers={new Transfers(session)} settings={settings} />, root);
