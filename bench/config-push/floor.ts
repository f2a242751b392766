import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openSigner } from '../../api/signer.ts';
import { newSecret } from '../../db/access/secret.ts';
import { signBundle } from '../../domain/config-bundle/bundle-text.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { sha256Hex } from '../../proxy-agent/config-bundle/sha256-hex.ts';
import { startSimulatedApart } from '../fleet/simulated-apart.ts';
import type { BareOffer } from './bare-server.ts';
import { pushedDocument } from './document.ts';

interface Options {
  readonly agents: number;
  readonly rounds: number;
  readonly folder: string;
  readonly signingKeyFile: string;
  readonly configKeysFile: string;
}

const program = path.join(import.meta.dirname, 'bare-server.ts');

/**
 * The same agents, which verify and acknowledge the same bundles, before a bare server that knows nobody and keeps nothing. Answers
 * the milliseconds from the offer to each acknowledgement, the first round left out.
 */
export async function bareFloor(options: Options): Promise<number[]> {
  const { agents, rounds, folder, signingKeyFile, configKeysFile } = options;
  const server = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = (await once(server, 'message')) as [number];
  const proxies = Array.from({ length: agents }, (_, index) => ({
    proxy: `bare-${index}`,
    key: newSecret(),
  }));
  const simulated = startSimulatedApart({
    ...{ base: `http://127.0.0.1:${port}`, environment: 'bare', proxies, configKeysFile },
    ...{ folder: path.join(folder, 'bare'), spreadMs: agents },
  });
  try {
    await delay(agents + 3000);
    const took: number[] = [];
    for (let round = 1; round <= rounds + 1; round += 1) {
      const offer = offerOf(openSigner(signingKeyFile), round);
      const publishedAt = Date.now();
      server.send(offer);
      const told = await simulated.untilAcknowledged(round, agents, 60_000);
      if (round > 1) took.push(...told.map(({ at }) => at - publishedAt));
      await delay(500);
    }
    return took;
  } finally {
    await simulated.stop();
    server.disconnect();
  }
}

function offerOf(signer: ReturnType<typeof openSigner>, sequence: number): BareOffer {
  const content = renderConfigDocument(pushedDocument(sequence, 18080)).text;
  const bundle = signBundle(sha256Hex, signer, {
    ...{ project: 'default', environment: 'bare', proxy: null, order: 'apply', sequence },
    revision: sha256Hex(content),
    notBefore: new Date(Date.now() - 60_000).toISOString(),
    expiresAt: new Date(Date.now() + 3600_000).toISOString(),
    files: [{ path: 'base.cfg', content, sha256: sha256Hex(content) }],
  });
  return { tag: `"${sequence}-${bundle.hash}"`, text: JSON.stringify(bundle) };
}
