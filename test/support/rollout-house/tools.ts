import { tmpdir } from 'node:os';
import { loadConfig } from '../../../config.ts';
import type { Db } from '../../../db/connect.ts';
import { createDesiredStateStore } from '../../../db/desired-state-store.ts';
import type { NotificationTools } from '../../../activities/notification/index.ts';
import { createConfigChecks } from '../../../providers/config-check/index.ts';
import { createMemoryNotifier, type MemoryNotifier } from '../../../providers/notifier/memory.ts';
import { createWebhookNotifier } from '../../../providers/notifier/webhook.ts';
import { createSecrets } from '../../../providers/secret/reference.ts';
import { createMemoryProbe } from '../../../providers/probe/memory.ts';
import type { Probe } from '../../../providers/probe/probe.ts';
import { createMemoryRuntime, type MemoryRuntime } from '../../../providers/runtime/memory.ts';
import type { Runtime } from '../../../providers/runtime/runtime.ts';
import { createHaproxyTraffic } from '../../../providers/traffic/haproxy.ts';
import type { LanguageModel } from '../../../providers/llm/language-model.ts';
import { createClusteringParts } from '../../../workers/clustering-parts.ts';
import type { WatchTools, WorkerTools } from '../../../workers/tools.ts';

/** One thing that happened to the world of a service, in order: `applied v1=90 v2=10`, `start …`, `stop …`, `changed <change id>`. */
export interface Effect {
  readonly at: number;
  readonly service: string;
  readonly what: string;
}

export interface HouseTools {
  readonly worker: WatchTools;
  readonly notification: NotificationTools;
  /** The twin behind channels of the kind slack and email; webhooks go out for real. Its secret is env:TWIN. */
  readonly notifier: MemoryNotifier;
  /** The environment that secrets are looked for in. */
  readonly secretEnv: Record<string, string | undefined>;
  readonly runtime: MemoryRuntime;
  /** Every version that a service starts is unhealthy with this reason; null: it is well again. */
  sicken(service: string, reason: string | null): void;
  readonly effects: Effect[];
  /** The next calls of a method of the traffic fail like this; answers how to end it. */
  failTraffic(
    method: 'setSplit' | 'verify' | 'renewLease' | 'buckets',
    service: string,
    error: Error,
  ): () => void;
  note(service: string, what: string): void;
  readonly logged: string[];
}

/** The tools of a worker: the real traffic over Postgres, twins of runtime and probe, and a ledger of what was done. */
export function makeTools(db: Db, languageModel: LanguageModel | null = null): HouseTools {
  const effects: Effect[] = [];
  const logged: string[] = [];
  const faults = new Map<string, Error>();
  const note = (service: string, what: string): void => void effects.push({ at: Date.now(), service, what });
  const runtime = createMemoryRuntime();
  const healthy = createMemoryProbe();
  const notifier = createMemoryNotifier({ limitMs: 500 });
  const webhook = createWebhookNotifier({ privateAddresses: 'loopback', limitMs: 2000 });
  const secretEnv: Record<string, string | undefined> = { TWIN: 'memory-secret' };
  const sick = new Map<string, string>();
  const probe: Probe = {
    async check(address, path, ...rest) {
      const reason = sick.get(path.slice(1));
      return reason === undefined ? healthy.check(address, path, ...rest) : { healthy: false, reason };
    },
  };
  const real = createHaproxyTraffic(createDesiredStateStore(db));
  const refuse = (method: string, service: string): void => {
    const fault = faults.get(`${method}/${service}`);
    if (fault !== undefined) throw fault;
  };
  const noted: Runtime = {
    ...runtime,
    async start(spec, signal) {
      const isNew = !runtime.running().includes(spec.id);
      const started = await runtime.start(spec, signal);
      if (isNew) note(spec.service, `start ${spec.id}`);
      return started;
    },
    async stop(id, graceMs) {
      if ((await runtime.inspect(id)).state !== 'absent') note(id.split('.')[1] ?? '', `stop ${id}`);
      await runtime.stop(id, graceMs);
    },
  };
  const traffic: WorkerTools['traffic'] = {
    ...real,
    async setSplit(change) {
      refuse('setSplit', change.target.service);
      const { token: before } = await real.read(change.target);
      const changed = await real.setSplit(change);
      if (changed.token !== before) note(change.target.service, `changed ${change.changeId}`);
      return changed;
    },
    async verify(target, token, options) {
      refuse('verify', target.service);
      const proof = await real.verify(target, token, options);
      note(target.service, 'verified');
      return proof;
    },
    async renewLease(target, ...rest) {
      refuse('renewLease', target.service);
      await real.renewLease(target, ...rest);
    },
    async buckets(target, ...rest) {
      refuse('buckets', target.service);
      return real.buckets(target, ...rest);
    },
  };
  return {
    worker: {
      db,
      traffic,
      runtimes: { process: noted, docker: noted },
      probe,
      ...createConfigChecks({ haproxy: 'haproxy', scratch: tmpdir() }),
      keep: loadConfig({}).keep,
      slotsPerProject: 100,
      clusters: createClusteringParts(loadConfig({}).clustering, null, languageModel),
      audit: null,
      log: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
      notificationWaitsMs: [50, 100, 100, 100],
    },
    notification: {
      db,
      notifiers: { webhook, slack: notifier, email: notifier },
      secrets: createSecrets(secretEnv),
      publicUrl: 'https://holdfast.example',
      chance: () => 0,
    },
    notifier,
    secretEnv,
    runtime,
    sicken: (service, reason) => void (reason === null ? sick.delete(service) : sick.set(service, reason)),
    effects,
    failTraffic(method, service, error) {
      faults.set(`${method}/${service}`, error);
      return () => void faults.delete(`${method}/${service}`);
    },
    note,
    logged,
  };
}
