import type Docker from 'dockerode';
import type { Container, ContainerInspectInfo } from 'dockerode';
import { setTimeout as delay } from 'node:timers/promises';
import { OpsError } from '../../domain/errors.ts';
import {
  addressOf,
  containerName,
  homeLabel,
  hostConfig,
  labels,
  recipeOf,
  referencesIn,
  type Recipe,
} from './docker/container.ts';
import {
  ask,
  conflict,
  demand,
  engineAt,
  inspectContainer,
  notFound,
  notModified,
  outputOf,
  reasonOf,
} from './docker/engine.ts';
import { ensureImage } from './docker/image.ts';
import { defaultPortRange, freePort } from './free-port.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { redact } from './redact.ts';
import type { InstanceSpec, InstanceStatus, Runtime } from './runtime.ts';
import { stoppedMeanwhile } from './stopped-meanwhile.ts';
import { untilAborted } from './until-aborted.ts';

export interface DockerRuntimeOptions {
  /** The state folder of the stack: instances of another stack on the same engine are not ours. */
  readonly home: string;
  /** As the Docker CLI reads DOCKER_HOST; null: the usual socket. */
  readonly dockerHost: string | null;
  /** Where `env:NAME` looks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const rounds = 20;
const roundMs = 200;
const settleMs = 300;
const removalMs = 15_000;

/** A version is an image. The engine is the memory: one container an instance, named after it, so there is never a second one. */
export function createDockerRuntime({ home, dockerHost, env }: DockerRuntimeOptions): Runtime {
  let engine: Docker | null = null;
  // Only who asks learns of a host that cannot be used: services that are processes need no engine.
  const docker = (): Docker => (engine ??= engineAt(dockerHost));
  const inTurn = oneAtATime();

  async function start(instance: InstanceSpec, signal: AbortSignal): Promise<{ address: string }> {
    const container = containerOf(instance.id);
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      const info = await inspectContainer(container);
      if (info?.State.Running) return { address: published(instance.id, info) };
      const recipe = recipeOf(home, instance, env);
      if (info !== null && info.Config.Labels[labels.recipe] !== recipe.Labels[labels.recipe]) {
        await ask(() => container.remove({ v: true }), [notFound, conflict]);
        continue;
      }
      const isMade = info === null && (await create(instance, recipe, signal));
      const outcome = await begin(instance.id, container);
      if (outcome === 'begun') return settled(instance.id, container);
      if (outcome === 'gone' && isMade) throw stoppedMeanwhile(instance.id);
      await delay(roundMs);
    }
    const why = 'its container or its port was taken away each time';
    throw new OpsError('unavailable', `${instance.id} could not be started: ${why}`);
  }

  /** false when somebody else is making it at this moment: then theirs is taken. */
  async function create(instance: InstanceSpec, recipe: Recipe, signal: AbortSignal): Promise<boolean> {
    await ensureImage(docker(), recipe.Image, signal);
    const hostPort = await freePort(defaultPortRange, new Set());
    const options = { ...recipe, HostConfig: hostConfig(recipe, hostPort) };
    try {
      return (await ask(() => docker().createContainer(options), [conflict])) !== null;
    } catch (error) {
      throw refused(instance.id, error);
    }
  }

  async function begin(id: string, container: Container): Promise<'begun' | 'gone' | 'port-taken'> {
    try {
      await ask(() => container.start(), [notModified]);
      return 'begun';
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === notFound || statusCode === conflict) return 'gone';
      if (!/port is already allocated|address already in use/.test(reasonOf(error))) throw refused(id, error);
      // Somebody else took the port between our look and the start: it is made anew, with another one.
      await ask(() => container.remove({ v: true }), [notFound, conflict]);
      return 'port-taken';
    }
  }

  /** A command that cannot work ends within moments: then it is told at once, with what it said. */
  async function settled(id: string, container: Container): Promise<{ address: string }> {
    await delay(settleMs);
    const info = await inspectContainer(container);
    if (info === null) throw stoppedMeanwhile(id);
    if (info.State.Running) return { address: published(id, info) };
    const said = (await saidBy(container, info)).slice(-1000);
    const what = said === '' ? 'it wrote nothing' : `its last output: ${said}`;
    throw new OpsError('start-failed', `${id} ended at once with code ${info.State.ExitCode}; ${what}`);
  }

  async function inspect(id: string): Promise<InstanceStatus> {
    const container = containerOf(id);
    const info = await inspectContainer(container);
    if (info === null) return { state: 'absent' };
    if (info.State.Running) return { state: 'running', address: published(id, info) };
    return { state: 'exited', code: info.State.ExitCode, lastOutput: await saidBy(container, info) };
  }

  async function saidBy(container: Container, info: ContainerInspectInfo): Promise<string> {
    return redact(await outputOf(container, info), referencesIn(info), env);
  }

  async function stop(id: string, graceMs: number): Promise<void> {
    const container = containerOf(id);
    const deadline = performance.now() + graceMs + removalMs;
    await demand(() => container.stop({ t: Math.ceil(graceMs / 1000) }), [notFound, notModified]);
    // Conflict: it is being removed already, by somebody else.
    await demand(() => container.remove({ force: true, v: true }), [notFound, conflict]);
    while ((await inspectContainer(container)) !== null) {
      if (performance.now() > deadline)
        throw new OpsError('unavailable', `the Docker engine does not remove container ${container.id}`);
      await delay(50);
    }
  }

  async function list(project: string, service: string): Promise<string[]> {
    const wanted = { [labels.home]: homeLabel(home), [labels.project]: project, [labels.service]: service };
    const label = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
    const found = await demand(() => docker().listContainers({ all: true, filters: { label } }));
    return (found ?? []).map((container) => container.Labels[labels.instance] ?? '').sort();
  }

  function containerOf(id: string): Container {
    return docker().getContainer(containerName(home, id));
  }

  return {
    start: (instance, signal) =>
      untilAborted(signal, () => inTurn(instance.id, () => start(instance, signal))),
    inspect,
    stop: (id, graceMs) => inTurn(id, () => stop(id, graceMs)),
    list,
  };
}

function published(id: string, info: ContainerInspectInfo): string {
  const address = addressOf(info);
  if (address !== null) return address;
  throw new OpsError(
    'start-failed',
    `container ${info.Name} of ${id} publishes no port; remove it, then start again`,
  );
}

function refused(id: string, error: unknown): OpsError {
  if (error instanceof OpsError) return error;
  return new OpsError('start-failed', `${id} did not start: ${reasonOf(error)}`, {}, error);
}
