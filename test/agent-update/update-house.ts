import { buildEnrolledHouse, type EnrolledHouse } from '../support/enrolled-house.ts';
import { until } from '../support/haproxy.ts';
import { startTcpSwitch, type TcpSwitch } from '../support/tcp-switch.ts';
import { supervise, type Supervisor } from './supervisor.ts';

/** An enrolled proxy whose agent is started as a service manager does, behind a line to the API that can be cut. */
export interface UpdateHouse extends EnrolledHouse {
  readonly agent: Supervisor;
  readonly line: TcpSwitch;
  /** How the order ended, as the fleet shows it. */
  ended(sequence: number): Promise<Awaited<ReturnType<EnrolledHouse['shown']>>>;
  /** Waits until outcome and failure of the newest order read so. */
  outcome(what: RegExp): Promise<void>;
}

let opening: Promise<unknown> = Promise.resolve();

/** A test with a house of its own, so that several can wait at the same time. */
export function inHouse(
  tell: (house: UpdateHouse) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): () => Promise<void> {
  return async () => {
    const closers: (() => Promise<unknown>)[] = [];
    try {
      // One after the other, since a start is work; what takes long then is waiting.
      const house = opening.then(() => open(closers, env));
      opening = house.catch(() => undefined);
      await tell(await house);
    } finally {
      for (const close of closers.reverse()) await close();
    }
  };
}

async function open(
  closers: (() => Promise<unknown>)[],
  env: Readonly<Record<string, string>>,
): Promise<UpdateHouse> {
  const house = await buildEnrolledHouse(env);
  closers.push(() => house.close());
  const line = await startTcpSwitch({ port: house.api.port });
  closers.push(() => line.close());
  const enrolled = await house.proxy.verb('enroll', '--token-file', await house.invite());
  if (enrolled.code !== 0) throw new Error(enrolled.stderr);
  const agent = supervise({ ...house.proxy.env, HOLDFAST_API_URL: `http://127.0.0.1:${line.port}` });
  closers.push(() => agent.stop());
  await until(
    'the agent is heard',
    async () => {
      const { agentVersion, haproxyVersion } = await house.shown();
      return agentVersion !== null && haproxyVersion !== null;
    },
    30_000,
  );

  async function outcome(what: RegExp): Promise<void> {
    await until(
      `${what.source}; ${agent.log().slice(-2000)}`,
      async () => {
        const { agentUpdate } = await house.shown();
        return what.test(`${agentUpdate?.outcome} ${agentUpdate?.failure}`);
      },
      60_000,
    );
  }

  return {
    ...{ ...house, agent, line, outcome },
    async ended(sequence) {
      await until(
        `order ${sequence} ended; ${agent.log().slice(-3000)}`,
        async () => {
          const { agentUpdate } = await house.shown();
          return agentUpdate?.sequence === sequence && agentUpdate.outcome !== null;
        },
        60_000,
      );
      return house.shown();
    },
  };
}
