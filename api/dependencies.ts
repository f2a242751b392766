import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Db } from '../db/connect.ts';
import type { ClusteringSettings } from '../domain/feedback-clustering/settings.ts';
import type { VerifyToken } from './auth.ts';
import type { Notifications } from '../db/notifications.ts';
import type { ConfigCheck } from '../providers/config-check/config-check.ts';
import type { ShadowRun } from '../providers/config-check/shadow-run.ts';
import type { CodecServer } from './codec.ts';
import type { HttpLimits } from './http-limits.ts';
import type { Signer } from './signer.ts';

/** What the API stands on. Temporal is asked for at each use and connects lazily: much of the API works while it is dead. */
export interface ApiDependencies {
  readonly db: Db;
  readonly temporal: () => Client | Promise<Client>;
  readonly notifications: Notifications;
  readonly logger?: FastifyBaseLogger;
  /** Left out: payloads are clear text, there is nothing to decode. */
  readonly codec?: CodecServer;
  /** Left out: records of operations are not exported. */
  readonly signer?: Signer;
  /** Left out: no identity provider is configured, keys alone count. */
  readonly verifyToken?: VerifyToken;
  /** Of one key; left out: 6,000. */
  readonly requestsPerMinute?: number;
  /** Operations a project may have open at once; left out: 100. */
  readonly operationsPerProject?: number;
  /** How long a connection may keep the API waiting; what is left out is as usual. */
  readonly httpLimits?: Partial<HttpLimits>;
  /** How projects cluster that choose nothing; left out: as an installation that sets nothing. */
  readonly clustering?: ClusteringSettings;
  /** Reads the secrets of feedback sources, by reference. Left out: sources with a secret take nothing. */
  readonly secrets?: { read(reference: string): Promise<string> };
  /** Where a project has no list of its own; left out: none. */
  readonly redditSubreddits?: readonly string[];
  /** Called once something new is kept; not waited for. Left out: only the sweep finds it. */
  readonly wakeClustering?: (project: string) => void;
  /** Asks HAProxy about configurations. Left out: none is taken, and none is previewed. */
  readonly configCheck?: ConfigCheck;
  /** Left out: nothing is simulated. */
  readonly shadowRun?: ShadowRun;
  /** The task queue of the workflows. */
  readonly taskQueue: string;
  /** File with the public key of the audit. */
  readonly auditKeyFile?: string;
}

/** A Fastify instance whose handlers are typed by their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
