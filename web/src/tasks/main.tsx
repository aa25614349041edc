import '../style/base.css';
import '../style/header.css';
import '../style/layout.css';
import '../style/files.css';
import '../style/tasks.css';
import { render } from 'preact';
import { checkTask, runTask } from 'tabmesh';
import { Bench } from './bench.ts';
import { Page } from './page.tsx';

const root = document.getElementById('app')!;
root.replaceChildren();
render(<Page bench={new Bench({ checkTask, runTask })} />, root);
