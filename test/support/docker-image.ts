import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { programOf } from './docker.ts';
import { sampleScript } from './sample-instance.ts';

const applets = ['sh', 'mkdir', 'sleep'];

/** Makes `repository:tag` of Debian's static busybox for each tag; no registry is asked. */
export async function importSampleImage(
  client: Docker,
  repository: string,
  tags: readonly string[],
): Promise<void> {
  const busybox = await programOf('busybox', 'busybox-static');
  const root = await mkdtemp(join(tmpdir(), 'holdfast-image-'));
  try {
    await mkdir(join(root, 'bin'));
    await copyFile(busybox, join(root, 'bin/busybox'));
    for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'bin/service'), sampleScript, { mode: 0o755 });
    for (const tag of tags) await importFolder(client, root, { repo: repository, tag });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function importFolder(
  client: Docker,
  root: string,
  name: { repo: string; tag: string },
): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const progress = await client.importImage(tar.stdout, { ...name, changes: 'CMD ["/bin/service"]' });
  progress.resume();
  await new Promise((resolve, reject) => progress.once('end', resolve).once('error', reject));
}
