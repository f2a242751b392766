import { readdir, readFile, readlink } from 'node:fs/promises';

const listening = '0A';

/** The process that listens on a TCP port, as far as we may see it; null when it cannot be told. */
export async function holderOfPort(port: number): Promise<{ pid: number; command: string } | null> {
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) return null;
  for (const entry of await readdir('/proc')) {
    if (/^[0-9]+$/.test(entry) && (await holdsSocket(entry, inodes))) {
      const command = await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '');
      return { pid: Number(entry), command: command.trim() };
    }
  }
  return null;
}

async function listeningInodes(port: number): Promise<ReadonlySet<string>> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  const found = rows.filter(([, local, , state]) => state === listening && local?.endsWith(`:${wanted}`));
  return new Set(found.map((row) => `socket:[${row[9]}]`));
}

async function holdsSocket(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return targets.some((target) => sockets.has(target));
}
