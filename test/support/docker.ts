import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { findExecutable } from '../../infra/process/executable.ts';

export interface TestEngine {
  /** For `dockerHost` of the Docker runtime. */
  readonly host: string;
  readonly client: Docker;
  /** Ends the engine and with it every container; images and stopped containers stay. */
  halt(): Promise<void>;
  /** Brings a halted engine up again, at the same host. */
  resume(): Promise<void>;
  /** The engine takes connections and answers nothing, until it is resumed by the function that comes back. */
  freeze(): () => void;
  /** Ends the engine, removes all of it, and throws when something of it is left on the machine. */
  close(): Promise<void>;
}

const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const readyMs = 20_000;
const run = promisify(execFile);

/** A Docker engine for one test file: folders, socket, bridge and control group of its own, so that two at once do not meet. */
export async function startDockerEngine(): Promise<TestEngine> {
  const dockerd = await programOf('dockerd', 'docker.io');
  const ip = await programOf('ip', 'iproute2');
  if (process.getuid?.() !== 0) throw new Error('the Docker engine of the tests needs root: sudo make test');
  const name = `hfd${randomBytes(4).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const socket = join(folder, 'docker.sock');
  await addBridge(ip, name);
  let engine: ChildProcess | null = null;
  const client = new Docker({ socketPath: socket });

  async function resume(): Promise<void> {
    engine = await startEngine(dockerd, { name, folder, socket });
    await untilReady(client, engine, join(folder, 'dockerd.log'));
  }

  async function halt(): Promise<void> {
    if (engine !== null) await endEngine(engine);
    engine = null;
  }

  function freeze(): () => void {
    const [dockerd = 0] = childrenOf(engine?.pid ?? 0);
    process.kill(dockerd, 'SIGSTOP');
    return () => process.kill(dockerd, 'SIGCONT');
  }

  async function close(): Promise<void> {
    await halt();
    await run(ip, ['link', 'delete', name]);
    removeControlGroups(name);
    await rm(folder, { recursive: true, force: true });
    const left = traces(name);
    if (left.length > 0) throw new Error(`the Docker engine of the tests left behind: ${left.join(', ')}`);
  }

  await resume().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { host: `unix://${socket}`, client, halt, resume, freeze, close };
}

export async function programOf(name: string, debianPackage: string): Promise<string> {
  const found = await findExecutable(name, folders);
  if (found !== null) return found;
  throw new Error(`${name} is missing: make setup-tests installs it (apt-get install ${debianPackage})`);
}

async function addBridge(ip: string, name: string): Promise<void> {
  const taken = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
  for (;;) {
    const subnet = `10.${randomInt(64, 192)}.${randomInt(256)}`;
    if (taken.some((address) => address.startsWith(`${subnet}.`))) continue;
    await run(ip, ['link', 'add', name, 'type', 'bridge']);
    await run(ip, ['address', 'add', `${subnet}.1/24`, 'dev', name]);
    await run(ip, ['link', 'set', name, 'up']);
    return;
  }
}

/** The engine writes a key to /etc/docker and sockets to /run/containerd whatever its options say: these are gone with it. */
const ownFolders = `
mount -t tmpfs tmpfs /run && cp -a /etc /run/etc && mount --bind /run/etc /etc && exec "$@"
`;

/**
 * In a process and a mount namespace of its own: when its first process ends, the kernel ends containers and shims with it and forgets
 * the mounts, also when this process is killed. Ports are published by docker-proxy alone, so no rule of the machine's is touched.
 */
async function startEngine(
  dockerd: string,
  { name, folder, socket }: { name: string; folder: string; socket: string },
): Promise<ChildProcess> {
  const inNamespace = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const withOwnFolders = ['sh', '-c', ownFolders, 'sh', dockerd];
  const options = [
    ...['--host', `unix://${socket}`, '--pidfile', join(folder, 'pid')],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--bridge', name, '--cgroup-parent', `/${name}`],
    ...['--iptables=false', '--ip-forward=false', '--ip-masq=false'],
  ];
  const log = await open(join(folder, 'dockerd.log'), 'a');
  const args = ['--pdeathsig', 'KILL', 'unshare', ...inNamespace, ...withOwnFolders, ...options];
  const env = { PATH: folders.join(':') };
  // A temp folder that others share would hide a stale pid file of ours from nobody: the engine refuses to start beside it.
  await rm(join(folder, 'pid'), { force: true });
  const engine = spawn('setpriv', args, { env, cwd: folder, stdio: ['ignore', log.fd, log.fd] });
  await once(engine, 'spawn');
  await log.close();
  return engine;
}

async function untilReady(client: Docker, engine: ChildProcess, log: string): Promise<void> {
  const deadline = performance.now() + readyMs;
  for (;;) {
    const fault = await client.ping().then(
      () => null,
      (error: unknown) => String(error),
    );
    if (fault === null) return;
    if (performance.now() > deadline || engine.exitCode !== null) {
      const said = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join('\n');
      throw new Error(`dockerd did not become ready: ${fault}\n${said}`);
    }
    await delay(50);
  }
}

/** The first process of a namespace may ignore every signal of its inside, but not this one. */
async function endEngine(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const ended = once(engine, 'exit');
  const [dockerd] = childrenOf(engine.pid ?? 0);
  if (dockerd !== undefined) process.kill(dockerd, 'SIGTERM');
  const killed = setTimeout(() => engine.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(killed);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

const controlGroups = '/sys/fs/cgroup';

function removeControlGroups(name: string): void {
  const found = groupFolders(name);
  for (const folder of found) {
    for (const inner of readdirSync(folder, { withFileTypes: true })) {
      if (inner.isDirectory()) rmdirSync(join(folder, inner.name));
    }
    rmdirSync(folder);
  }
}

function groupFolders(name: string): string[] {
  const controllers = readdirSync(controlGroups, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const roots = [controlGroups, ...controllers.map((entry) => join(controlGroups, entry.name))];
  return roots.flatMap((root) =>
    readdirSync(root)
      .filter((entry) => entry === name)
      .map((entry) => join(root, entry)),
  );
}

/** Processes, mounts, interfaces and control groups that carry the engine's name. */
function traces(name: string): string[] {
  const pids = readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry));
  return [
    ...pids.filter((pid) => textOf(`/proc/${pid}/cmdline`).includes(name)).map((pid) => `process ${pid}`),
    ...textOf('/proc/self/mounts')
      .split('\n')
      .filter((line) => line.includes(name)),
    ...readdirSync('/sys/class/net').filter((entry) => entry === name),
    ...groupFolders(name),
  ];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
