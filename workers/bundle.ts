import { bundleWorkflowCode } from '@temporalio/worker';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/**
 * The prebuilt workflow bundle for this very code: built once, kept under a name made of its sources, so that a restarted worker
 * polls again within a second.
 */
export async function workflowBundle(folder: string): Promise<{ codePath: string }> {
  const codePath = path.join(folder, `workflows-${await sourceDigest()}.cjs`);
  if (await exists(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(root, 'workflows/index.ts'),
    logger: quiet,
  });
  await mkdir(folder, { recursive: true });
  const draft = `${codePath}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, codePath);
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

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
