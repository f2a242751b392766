import Docker, { type Container, type ContainerInspectInfo } from 'dockerode';
import { OpsError } from '../../../domain/errors.ts';

export const notModified = 304;
export const notFound = 404;
export const conflict = 409;

/** Milliseconds without a byte from the engine before it counts as away. */
const silenceLimitMs = 60_000;

/** As the Docker CLI reads DOCKER_HOST; null: the usual socket. Connects with the first question. */
export function engineAt(host: string | null): Docker {
  const timeout = silenceLimitMs;
  if (host === null) return new Docker({ socketPath: '/var/run/docker.sock', timeout });
  if (host.startsWith('unix://')) return new Docker({ socketPath: host.slice('unix://'.length), timeout });
  const url = URL.parse(host.replace(/^tcp:/, 'http:'));
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new OpsError(
      'invalid-input',
      'DOCKER_HOST does not begin with unix://, tcp://, http:// or https://',
    );
  const protocol = url.protocol === 'https:' ? 'https' : 'http';
  return new Docker({ host: url.hostname, port: Number(url.port || 2375), protocol, timeout });
}

/** Asks the engine. The statuses in `fine` mean that it is so already, and answer null; an engine that is away is `unavailable`. */
export async function ask<T>(question: () => Promise<T>, fine: readonly number[] = []): Promise<T | null> {
  try {
    return await question();
  } catch (error) {
    const { statusCode, code } = error as { statusCode?: number; code?: string };
    if (statusCode === undefined) {
      const message = `the Docker engine does not answer (${code ?? reasonOf(error)}); start it, or set DOCKER_HOST and restart the worker`;
      throw new OpsError('unavailable', message, {}, error);
    }
    if (fine.includes(statusCode)) return null;
    throw error;
  }
}

/** As `ask`, for questions that a sound engine does not refuse: what it cannot do now is `unavailable`. */
export async function demand<T>(question: () => Promise<T>, fine: readonly number[] = []): Promise<T | null> {
  try {
    return await ask(question, fine);
  } catch (error) {
    if (error instanceof OpsError) throw error;
    throw new OpsError('unavailable', `the Docker engine failed: ${reasonOf(error)}`, {}, error);
  }
}

/** What the engine said, without the wrapping of its client. */
export function reasonOf(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).trim();
}

export async function inspectContainer(container: Container): Promise<ContainerInspectInfo | null> {
  return demand(() => container.inspect(), [notFound]);
}

/** The last lines of both streams; what the engine itself has to say when there are none. */
export async function outputOf(container: Container, info: ContainerInspectInfo): Promise<string> {
  const options = { stdout: true, stderr: true, tail: 50, follow: false } as const;
  const raw = await demand(() => container.logs(options), [notFound, conflict]);
  const said = raw === null ? '' : withoutFrames(raw).trim().slice(-4096);
  return said === '' ? info.State.Error : said;
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
