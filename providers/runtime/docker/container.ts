import { createHash } from 'node:crypto';
import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import { OpsError } from '../../../domain/errors.ts';
import { fillIn, referencesOf, resolveEnvironment } from '../placeholders.ts';
import type { OwnEnvironment } from '../references.ts';
import type { InstanceSpec } from '../runtime.ts';

export const labels = {
  home: 'holdfast.home',
  instance: 'holdfast.instance',
  project: 'holdfast.project',
  service: 'holdfast.service',
  version: 'holdfast.version',
  /** Digest of everything the container was made of. */
  recipe: 'holdfast.recipe',
  /** References of its environment as JSON: their values are left out of what it wrote. */
  references: 'holdfast.references',
} as const;

/** Stacks with different homes share an engine without meeting. */
export function homeLabel(home: string): string {
  return digest(home).slice(0, 12);
}

/** Made of the id, so that the engine itself refuses a second one. */
export function containerName(home: string, id: string): string {
  return `holdfast-${homeLabel(home)}-${id.replace(/[^A-Za-z0-9_.-]/g, '_')}`;
}

export interface Recipe extends ContainerCreateOptions {
  readonly Image: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** What the container of an instance is made of, but for the port it is published on. */
export function recipeOf(home: string, instance: InstanceSpec, own: OwnEnvironment): Recipe {
  const { start, id, version, project, service } = instance;
  if (start.runtime !== 'docker')
    throw new OpsError('start-failed', `${id} starts by ${start.runtime}, not as a container`);
  const values = { version, port: String(start.containerPort), instance: id };
  const env = {
    HOST: '0.0.0.0',
    ...resolveEnvironment(start.env ?? {}, values, own),
    PORT: values.port,
    HOLDFAST_INSTANCE: id,
  };
  const recipe = {
    Image: fillIn(start.image, values),
    Cmd: start.command?.map((part) => fillIn(part, values)),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: { [`${values.port}/tcp`]: {} },
  };
  return {
    ...recipe,
    name: containerName(home, id),
    Labels: {
      [labels.home]: homeLabel(home),
      [labels.instance]: id,
      [labels.project]: project,
      [labels.service]: service,
      [labels.version]: version,
      [labels.recipe]: digest(JSON.stringify(recipe)),
      [labels.references]: JSON.stringify(referencesOf(start.env ?? {}, values)),
    },
  };
}

/** Published on the loopback address only; the engine restarts nothing by itself, that is decided elsewhere. */
export function hostConfig(recipe: Recipe, hostPort: number): ContainerCreateOptions['HostConfig'] {
  const binding = { HostIp: '127.0.0.1', HostPort: String(hostPort) };
  return {
    PortBindings: Object.fromEntries(Object.keys(recipe.ExposedPorts).map((port) => [port, [binding]])),
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '4m', 'max-file': '2' } },
  };
}

/** Where the container listens, or would; null when it publishes nothing. */
export function addressOf(info: ContainerInspectInfo): string | null {
  const bindings = info.HostConfig.PortBindings as Record<string, { HostPort?: string }[]> | null;
  const port = Object.values(bindings ?? {})[0]?.[0]?.HostPort;
  return port ? `127.0.0.1:${port}` : null;
}

/** References that a container was started with; none when it was made before they were noted. */
export function referencesIn(info: ContainerInspectInfo): string[] {
  return JSON.parse(info.Config.Labels[labels.references] ?? '[]') as string[];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
