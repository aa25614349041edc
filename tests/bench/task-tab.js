// A tab with the package, the calls of the harness and those of task-page.js.

import { Browser } from '../harness/browser.js';
import { page } from '../harness/pages.js';

/** What `work` gives, done with such a tab in a browser that has nothing else. */
export async function inFreshTab(net, work) {
  const pages = await net.pages();
  pages.add('/tasks', page(`import '/bench/task-page.js';`));
  const browser = await Browser.start(net.logs);
  try {
    const tab = await browser.page({ url: `${pages.origin}/tasks` });
    await tab.waitForFunction(() => globalThis.taskBench);
    return await work(tab);
  } finally {
    await browser.close();
  }
}
