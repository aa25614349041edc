// One IndexedDB database for each network and slot, behind promises.

/** Raised with every change of the stores. */
const VERSION = 1;

/** A database that does not open within this is as good as none. */
const OPEN_MS = 5000;

const STORES = ['identity', 'blocks', 'index', 'addresses'] as const;
export type StoreName = (typeof STORES)[number];

/** Opens or makes the database; rejects where the browser keeps none. */
export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, VERSION);
    const timer = setTimeout(() => reject(new Error('the database did not open in time')), OPEN_MS);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
      }
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      clearTimeout(timer);
      // Somebody deletes the site's data or brings a newer version: what is kept here gives way.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** The result of one request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Runs `work` in one transaction and waits until the operating system has what it wrote: it outlives the tab and the browser.
 * (`strict` would wait for the disk, at a hundred times the cost.)
 */
export function write(database: IDBDatabase, stores: StoreName[], work: (tx: IDBTransaction) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const tx = database.transaction(stores, 'readwrite', { durability: 'relaxed' });
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new Error('the transaction was aborted'));
    work(tx);
  });
}

/** Reads from one store. */
export function read<T>(database: IDBDatabase, store: StoreName, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return resultOf(ask(database.transaction(store, 'readonly').objectStore(store)));
}
