import { request } from 'node:http';
import { dirname, join } from 'node:path';
import type { AgentSettings } from '../settings.ts';

const answerTimeoutMs = 1000;

/** Beside the runtime socket: where HAProxy may make one socket it may make two. */
export function proofSocket({ socket }: Pick<AgentSettings, 'socket'>): string {
  return join(dirname(socket), 'holdfast-proof.sock');
}

/** The hash of the configuration that the worker serves which takes this request, or null when none answers. */
export function askProof(socketPath: string): Promise<string | null> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, path: '/', agent: false, timeout: answerTimeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part.slice(0, 200)));
      response.once('end', () => resolve(text.trim()));
      response.once('error', () => resolve(null));
    });
    sent.once('timeout', () => sent.destroy());
    // Also after an answer that was cut off: `resolve` counts once.
    sent.once('close', () => resolve(null));
    sent.once('error', () => resolve(null));
    sent.end();
  });
}
