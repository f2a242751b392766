import Docker, { type ContainerInspectInfo } from 'dockerode';
import type { DockerStart } from '../../contracts/service.ts';
import { OpsError } from '../../domain/errors.ts';
import { fillIn, resolveEnvironment } from './placeholders.ts';
import type { InstanceSpec, InstanceStatus, Runtime } from './runtime.ts';

export interface DockerRuntimeOptions {
  /** As the Docker CLI reads DOCKER_HOST; null: the usual socket. */
  readonly dockerHost: string | null;
  /** Where `env:NAME` looks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A version is an image. The container's name is made of the instance's id, so the engine itself refuses a second one. */
export function createDockerRuntime({ dockerHost, env }: DockerRuntimeOptions): Runtime {
  const docker = engineAt(dockerHost);

  async function start(instance: InstanceSpec): Promise<{ address: string }> {
    if (instance.start.runtime !== 'docker')
      throw new OpsError('invalid-input', `${instance.id} is no container`);
    const how = instance.start;
    await ask(() => docker.createContainer(creation(instance, how)), [conflict]);
    const container = docker.getContainer(nameOf(instance.id));
    await ask(() => container.start(), [notModified]);
    const info = await ask(() => container.inspect());
    const address = info === undefined ? null : publishedAddress(info);
    if (info?.State.Running === true && address !== null) return { address };
    throw new OpsError(
      'start-failed',
      `${instance.id} ended at once with code ${info?.State.ExitCode ?? '?'}: ${await output(instance.id)}`,
    );
  }

  function creation(instance: InstanceSpec, how: DockerStart): Docker.ContainerCreateOptions {
    const port = String(how.containerPort);
    const values = { version: instance.version, port, instance: instance.id };
    const environment = { PORT: port, ...resolveEnvironment(how.env ?? {}, values, env) };
    return {
      name: nameOf(instance.id),
      Image: fillIn(how.image, values),
      Cmd: how.command?.map((part) => fillIn(part, values)),
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ExposedPorts: { [`${port}/tcp`]: {} },
      Labels: {
        'holdfast.instance': instance.id,
        'holdfast.project': instance.project,
        'holdfast.service': instance.service,
        'holdfast.version': instance.version,
      },
      HostConfig: {
        // An empty host port lets the engine choose a free one; it stays the same until the container is stopped.
        PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
        RestartPolicy: { Name: 'no' },
      },
    };
  }

  async function inspect(id: string): Promise<InstanceStatus> {
    const info = await ask(() => docker.getContainer(nameOf(id)).inspect(), [notFound]);
    if (info === undefined) return { state: 'absent' };
    const address = publishedAddress(info);
    if (info.State.Running && address !== null) return { state: 'running', address };
    return { state: 'exited', code: info.State.ExitCode, lastOutput: await output(id) };
  }

  async function stop(id: string, graceMs: number): Promise<void> {
    const container = docker.getContainer(nameOf(id));
    await ask(() => container.stop({ t: Math.ceil(graceMs / 1000) }), [notFound, notModified]);
    await ask(() => container.remove({ force: true, v: true }), [notFound, conflict]);
  }

  async function list(project: string, service: string): Promise<string[]> {
    const label = [`holdfast.project=${project}`, `holdfast.service=${service}`];
    const found = await ask(() => docker.listContainers({ all: true, filters: { label } }));
    return (found ?? [])
      .map((container) => container.Labels['holdfast.instance'])
      .filter((id) => id !== undefined);
  }

  async function output(id: string): Promise<string> {
    const options = { stdout: true, stderr: true, tail: 20, follow: false } as const;
    const raw = await ask(() => docker.getContainer(nameOf(id)).logs(options), [notFound]);
    return raw === undefined ? '(no output)' : withoutFrames(raw).trim().slice(-1000) || '(no output)';
  }

  return { start, inspect, stop, list };
}

const notModified = 304;
const notFound = 404;
const conflict = 409;

/** Asks the engine. The statuses in `fine` mean that it is so already, and answer undefined; an engine that is away is `unavailable`. */
async function ask<T>(question: () => Promise<T>, fine: readonly number[] = []): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
    if (statusCode !== undefined && fine.includes(statusCode)) return undefined;
    if (statusCode === undefined) {
      throw new OpsError(
        'unavailable',
        `the Docker engine does not answer (${code ?? message}); start it or set DOCKER_HOST`,
        {},
        error,
      );
    }
    if (statusCode >= 500)
      throw new OpsError('unavailable', `the Docker engine failed: ${message}`, {}, error);
    throw new OpsError('start-failed', `the Docker engine refused: ${message.trim()}`, { statusCode }, error);
  }
}

function publishedAddress(info: ContainerInspectInfo): string | null {
  for (const bindings of Object.values(info.NetworkSettings.Ports ?? {})) {
    const port = bindings?.[0]?.HostPort;
    if (port) return `127.0.0.1:${port}`;
  }
  return null;
}

/** Output of a container without a terminal comes in frames of 8 bytes of header and a payload. */
function withoutFrames(raw: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const size = raw.readUInt32BE(at + 4);
    parts.push(raw.toString('utf8', at + 8, at + 8 + size));
    at += 8 + size;
  }
  return parts.join('');
}

/** Container names know fewer characters than ids and must be unique on the engine. */
function nameOf(id: string): string {
  return `holdfast-${id.replace(/[^A-Za-z0-9_.-]/g, '_')}`;
}

function engineAt(host: string | null): Docker {
  if (host === null) return new Docker({ socketPath: '/var/run/docker.sock' });
  if (host.startsWith('unix://')) return new Docker({ socketPath: host.slice('unix://'.length) });
  const url = new URL(host.replace(/^tcp:/, 'http:'));
  return new Docker({
    host: url.hostname,
    port: Number(url.port || 2375),
    protocol: url.protocol === 'https:' ? 'https' : 'http',
  });
}
