// What Chromium keeps: the memory of all its processes, a page's heap, and Workers.

import { readFileSync } from 'node:fs';

export class Memory {
  /** Looks at `page`, and at the whole browser that it is in. */
  static async of(page) {
    const memory = new Memory();
    memory.page = await page.context().newCDPSession(page);
    memory.browser = await page.context().browser().newBrowserCDPSession();
    const { processInfo } = await memory.browser.send('SystemInfo.getProcessInfo');
    memory.processes = processInfo.map(({ id }) => id);
    return memory;
  }

  /**
   * Bytes of memory that the browser's processes have made, all together; programs and files that they map do not count, nor do
   * processes that came later: Chromium starts services of its own after minutes.
   */
  async browserBytes() {
    await this.page.send('HeapProfiler.collectGarbage');
    return this.processes.reduce((sum, id) => sum + madeBytes(id), 0);
  }

  /** Bytes of the page's own heap, and of the buffers that it holds, once everything that nobody needs is collected. */
  async heapBytes() {
    await this.page.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = await this.page.send('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  }

  /** Workers of all pages. */
  async workers() {
    const { targetInfos } = await this.browser.send('Target.getTargets');
    return targetInfos.filter(({ type }) => type === 'worker').length;
  }
}

/** What several processes share is divided among them. */
function madeBytes(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return ['Anon', 'Shmem'].reduce((sum, kind) => sum + 1024 * Number(new RegExp(`^Pss_${kind}: +(\\d+) kB`, 'm').exec(text)[1]), 0);
}
