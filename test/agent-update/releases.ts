import { createHash } from 'node:crypto';
import { buildAgentRelease } from '../../infra/agent-release/build.ts';
import type { EnrolledHouse } from '../support/enrolled-house.ts';

let built: Promise<string> | null = null;

/** The agent of this checkout, as another version. */
export async function release(version: string): Promise<string> {
  built ??= buildAgentRelease();
  const text = await built;
  return text.replaceAll('"0.2.0"', JSON.stringify(version)).replace('agent 0.2.0', `agent ${version}`);
}

/** One that passes its check and does this when it is to run. */
export async function releaseThat(version: string, statement: string): Promise<string> {
  return (await release(version)).replace('\n', `\nif (process.argv[2] === 'run') { ${statement} }\n`);
}

/** Uploads and orders it for the proxy of the house; answers the sequence. */
export async function orderRelease({ api, proxy }: EnrolledHouse, content: string): Promise<number> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const version = /agent (\S+)\n/.exec(content)?.[1] ?? '0.0.0';
  const put = await api.call('PUT', `agent-releases/${sha256}`, { version, content });
  if (put.status !== 200) throw new Error(JSON.stringify(put.body));
  const order = { release: sha256, environment: 'production', proxies: [proxy.name], reason: 'a test' };
  const { status, body } = await api.call('POST', 'agent-updates', order);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.orders[0].sequence;
}
