import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FleetProxy } from '../../contracts/proxy-enrollment.ts';
import { listeningApi, type ListeningApi } from '../api/edge/listening.ts';
import { testEnvironment, testSigner, type TestEnvironment, type TestOrder } from './fleet.ts';
import { startHaproxy, until, type TestProxy } from './haproxy.ts';

/** A real HAProxy with its agent and the real API, between which nothing is known yet but where the other one is. */
export interface EnrolledHouse {
  readonly api: ListeningApi;
  readonly proxy: TestProxy;
  readonly production: TestEnvironment;
  /** Invites the proxy and writes the token to a file; answers its path. */
  invite(): Promise<string>;
  /** Invites, enrols, and starts the agent. */
  join(): Promise<void>;
  shown(): Promise<FleetProxy>;
  /** Orders it, and waits until the fleet shows it proven. */
  prove(order: TestOrder): Promise<void>;
  /** A base that answers this by itself, at the frontend of `shop`. */
  base(text: string): string;
  answer(): Promise<string>;
  close(): Promise<void>;
}

export async function buildEnrolledHouse(env: Readonly<Record<string, string>> = {}): Promise<EnrolledHouse> {
  const signer = await testSigner();
  const api = await listeningApi({ signer });
  const production = await testEnvironment(api.db);
  const proxy = await startHaproxy({
    backends: ['shop'],
    proxy: 'edge-1',
    env: { HOLDFAST_API_URL: api.url, ...env },
  });

  async function invite(): Promise<string> {
    const { body } = await api.call('POST', 'enrollments', { proxy: proxy.name, environment: 'production' });
    const file = join(proxy.folder, 'token');
    writeFileSync(file, `${body.token}\n`, { mode: 0o600 });
    return file;
  }

  const shown = async (): Promise<FleetProxy> => (await api.call('GET', `fleet/${proxy.name}`)).body;

  return {
    ...{ api, proxy, production, invite, shown },
    async join() {
      const enrolled = await proxy.verb('enroll', '--token-file', await invite());
      if (enrolled.code !== 0) throw new Error(enrolled.stderr);
      await proxy.startAgent();
    },
    async prove(order) {
      await production.give(order, proxy.name);
      await until(
        `order ${order.sequence} is proven; ${proxy.agentLog()}`,
        async () => {
          const { isProven, desired } = await shown();
          return isProven && desired?.sequence === order.sequence;
        },
        20_000,
      );
    },
    base: (text) =>
      proxy.operatorsBase.replace(
        '    default_backend shop\n',
        `    http-request return status 200 content-type text/plain string "${text}"\n    default_backend shop\n`,
      ),
    async answer() {
      const answer = await fetch(proxy.frontends.shop ?? '', { headers: { connection: 'close' } });
      return answer.text();
    },
    async close() {
      await proxy.stop();
      await api.close();
      await signer.close();
    },
  };
}
