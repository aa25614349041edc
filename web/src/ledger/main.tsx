import '../style/base.css';
import '../style/header.css';
import '../style/layout.css';
import '../style/files.css';
import '../style/tasks.css';
import '../style/jobs.css';
import '../style/ledger.css';
import { render } from 'preact';
import { joinAsAddressed } from '../joining.ts';
import { Page } from './page.tsx';
import { readRequest } from './request.ts';
import { Wallet } from './wallet.ts';

const { session, settings } = joinAsAddressed();
const wallet = new Wallet(() => import('tabmesh/ledger'), (signal) => session.joined(signal), new URL('./genesis', location.href));
void wallet.start();
const root = document.getElementById('app')!;
root.replaceChildren();
render(<Page session={session} settings={settings} wallet={wallet} request={readRequest(location.search)} />, root);
