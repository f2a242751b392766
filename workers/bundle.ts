import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');

/**
 * The prebuilt workflow bundle for this very code: built once, kept under a name made of its sources, so that a restarted worker
 * polls again within a second.
 */
export async function workflowBundle(folder: string): Promise<{ codePath: string }> {
  const codePath = path.join(folder, `workflows-${await sourceDigest()}.cjs`);
  if (await exists(codePath)) return { codePath };
  // A process of its own: what bundling takes, some 150 MB, does not stay with the worker.
  await promisify(execFile)(process.execPath, [path.join(root, 'workers/build-bundle.ts'), codePath]);
  return { codePath };
}

/** Everything that can end up in the bundle: the workflows, the domain, and the SDK's version. */
async function sourceDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'domain']) {
    const names = (await readdir(path.join(root, folder), { recursive: true })).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of names.sort()) hash.update(name).update(await readFile(path.join(root, folder, name)));
  }
  hash.update(await readFile(path.join(root, 'package.json')));
  return hash.digest('hex').slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
