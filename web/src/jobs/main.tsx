import '../style/base.css';
import '../style/header.css';
import '../style/layout.css';
import '../style/files.css';
import '../style/tasks.css';
import '../style/jobs.css';
import { render } from 'preact';
import { joinAsAddressed } from '../joining.ts';
import { Asking } from './asking.ts';
import { readKept } from './kept.ts';
import { Page } from './page.tsx';

const { session, settings } = joinAsAddressed();
const root = document.getElementById('app')!;
root.replaceChildren();
const asking = new Asking(() => import('tabmesh/job'), session);
render(<Page session={session} settings={settings} asking={asking} />, root);

const goOn = (): void => {
  const kept = readKept(location.hash);
  if (kept) void asking.goOn(kept);
};
addEventListener('hashchange', goOn);
goOn();
