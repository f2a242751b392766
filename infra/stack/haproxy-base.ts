import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The configuration that an operator starts from; the proxy agent adds its log target and the servers. */
function baseConfiguration(frontendPort: number, socket: string): string {
  return `# Yours to change: holdfast wrote this once and reads it from then on.
# The proxy agent writes haproxy.cfg beside it: this file, its log target, and the servers of each release.
global
    maxconn 4000
    stats socket ${socket} mode 600 level admin

defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    timeout http-keep-alive 10s
    retries 2
    option redispatch

frontend web
    bind 127.0.0.1:${frontendPort}
    default_backend web

backend web
    balance roundrobin
    option httpchk GET /health
    http-check expect status 200
`;
}

interface Sketch {
  readonly frontendPort: number;
  readonly socket: string;
}

/** Writes the file when there is none, and again with another port as long as nobody has changed it. */
export async function ensureBaseConfiguration(file: string, { frontendPort, socket }: Sketch): Promise<void> {
  const before = await frontendAddress(file);
  const isOurs = before === null || (await isAsWritten(file, { frontendPort: before.port, socket }));
  if (!isOurs) return;
  await mkdir(dirname(file), { recursive: true });
  const flag = before === null ? 'wx' : 'w';
  await writeFile(file, baseConfiguration(frontendPort, socket), { flag }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
}

export async function isAsWritten(file: string, { frontendPort, socket }: Sketch): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === baseConfiguration(frontendPort, socket);
}

/** Where the first frontend of the configuration listens; null without a file, or when it says so in another way. */
export async function frontendAddress(file: string): Promise<{ host: string; port: number } | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, host, port] = text.match(/^\s*bind\s+(\S*?):([0-9]+)/m) ?? [];
  if (port === undefined) return null;
  return { host: host === undefined || host === '' || host === '*' ? '127.0.0.1' : host, port: Number(port) };
}
