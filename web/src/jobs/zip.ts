import { downloadZip } from 'client-zip';
import type { Saved } from './work.ts';

/** One file as it is; several in an archive. */
export async function zipOf(name: string, files: readonly Saved[]): Promise<Saved> {
  if (files.length === 1) return files[0]!;
  const blob = await downloadZip(files.map((file) => ({ name: file.name, input: file.blob }))).blob();
  return { name, blob };
}
