import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { programOf } from './docker.ts';
import { sampleScript } from './sample-instance.ts';

const applets = ['sh', 'mkdir', 'sleep', 'printf'];

/** Makes `repository:tag` of Debian's static busybox for each tag; no registry is asked. */
export async function importSampleImage(
  client: Docker,
  repository: string,
  tags: readonly string[],
): Promise<void> {
  await withBusybox(async (root) => {
    await writeFile(join(root, 'bin/service'), sampleScript, { mode: 0o755 });
    for (const tag of tags) await importFolder(client, root, { repo: repository, tag });
  });
}

/** As above, of a web service that names its version and answers every request but its health with the HTTP status of its tag. */
export async function importWebImages(
  client: Docker,
  repository: string,
  statuses: Readonly<Record<string, number>>,
): Promise<void> {
  await withBusybox(async (root) => {
    await writeFile(join(root, 'bin/service'), webScript, { mode: 0o755 });
    await mkdir(join(root, 'www/cgi-bin'), { recursive: true });
    await writeFile(join(root, 'www/health'), 'well\n');
    for (const [tag, status] of Object.entries(statuses)) {
      await writeFile(join(root, 'www/cgi-bin/index.cgi'), answerScript(tag, status), { mode: 0o755 });
      await importFolder(client, root, { repo: repository, tag });
    }
  });
}

/** The first process of a container must ask for SIGTERM, which would be ignored there. */
const webScript = `#!/bin/sh
/bin/busybox httpd -f -p "$HOST:$PORT" -h /www &
trap 'kill $!; exit 0' TERM
wait $!
`;

function answerScript(version: string, status: number): string {
  return `#!/bin/sh
printf 'Status: ${status} on order\\r\\nX-Version: ${version}\\r\\nContent-Type: text/plain\\r\\n\\r\\n${version}\\n'
`;
}

async function withBusybox(use: (root: string) => Promise<void>): Promise<void> {
  const busybox = await programOf('busybox', 'busybox-static');
  const root = await mkdtemp(join(tmpdir(), 'holdfast-image-'));
  try {
    await mkdir(join(root, 'bin'));
    await copyFile(busybox, join(root, 'bin/busybox'));
    for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
    await use(root);
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
