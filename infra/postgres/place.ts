import { createHash } from 'node:crypto';
import { access, chmod, chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcesses, workingFolderOf } from '../process/proc.ts';
import type { Account } from './account.ts';
import { canReach } from './reach.ts';

/** Where a cluster keeps its files. `sockets` is open to its owner (and root) alone. */
export interface Place {
  readonly data: string;
  readonly sockets: string;
}

const outside = '/var/lib/holdfast';
/** The longest path of a Unix socket that Linux takes, less the name that PostgreSQL appends. */
const longestSocketFolder = 107 - '/.s.PGSQL.5432.lock'.length;

/** Makes the folders. Under a folder that `nobody` may not enter (such as /root) the files stand below /var/lib instead. */
export async function makePlace(folder: string, account: Account | null): Promise<Place> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const root = account === null || (await canReach(folder, account)) ? folder : await placeOutside(folder);
  const place = { data: join(root, 'data'), sockets: socketFolder(root) };
  for (const path of [place.data, place.sockets]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (account) await chown(path, account.uid, account.gid);
    await chmod(path, 0o700);
  }
  return place;
}

async function placeOutside(folder: string): Promise<string> {
  await removeOrphans();
  const root = join(outside, digest(folder));
  const note = join(folder, 'location');
  const noted = await readFile(note, 'utf8').catch(() => null);
  // Without our note it belongs to a state folder that was deleted: its data is nobody's any more.
  if (noted !== root) await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o711 });
  await writeFile(join(root, 'belongs-to'), folder);
  await writeFile(note, root);
  return root;
}

/** Removes the clusters of state folders that are gone, such as those of a deleted checkout. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(outside).catch(() => [])) {
    const root = join(outside, name);
    const owner = await readFile(join(root, 'belongs-to'), 'utf8').catch(() => null);
    if (
      owner === null ||
      (await access(owner).then(
        () => true,
        () => false,
      ))
    )
      continue;
    if (findProcesses((pid) => workingFolderOf(pid) === join(root, 'data')).length > 0) continue;
    await rm(root, { recursive: true, force: true });
  }
}

function socketFolder(root: string): string {
  const preferred = join(root, 'run');
  return Buffer.byteLength(preferred) <= longestSocketFolder ? preferred : `/tmp/holdfast-${digest(root)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
