import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** One answer of a proxy to a connection of its own, on the monotonic clock. */
export interface Sample {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** null: nobody answered. */
  readonly text: string | null;
}

export interface ServedTexts {
  /** Of each proxy, in the order in which they were asked. */
  samples(proxy: string): readonly Sample[];
  /** Forgets what was seen. */
  restart(): void;
  stop(): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly address: string;
}

const everyMs = 40;
const answerTimeoutMs = 15_000;

/** Asks each proxy all the time what it serves, as any client would. Nothing of Holdfast is asked. */
export function watchServedTexts(proxies: readonly Place[], port: number, path = '/ping'): ServedTexts {
  const samples = new Map<string, Sample[]>(proxies.map(({ name }) => [name, []]));
  let isOver = false;

  async function watch({ name, address }: Place): Promise<void> {
    while (!isOver) {
      const askedAt = performance.now();
      const text = await ask(address, port, path);
      samples.get(name)?.push({ askedAt, answeredAt: performance.now(), text });
      await delay(everyMs);
    }
  }

  const watching = Promise.all(proxies.map(watch));
  return {
    samples: (proxy) => samples.get(proxy) ?? [],
    restart() {
      for (const name of samples.keys()) samples.set(name, []);
    },
    async stop() {
      isOver = true;
      await watching;
    },
  };
}

function ask(host: string, port: number, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const sent = request({ host, port, path, agent: false, timeout: answerTimeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve(text));
      response.once('error', () => resolve(null));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(null));
    sent.once('close', () => resolve(null));
    sent.end();
  });
}

/** A reload hands over within moments, in which the old worker and the new one both answer. */
const established = 3;

/** The texts that a proxy served, one after the other, each for more than a moment. */
export function textsInOrder(samples: readonly Sample[]): string[] {
  const texts: string[] = [];
  for (const [index, { text }] of samples.entries()) {
    const isHere = samples.slice(index, index + established).every((later) => later.text === text);
    if (text !== null && isHere && texts.at(-1) !== text) texts.push(text);
  }
  return texts;
}

/** When it was first known to serve a text; null: never. */
export function firstServed(samples: readonly Sample[], text: string): number | null {
  return samples.find((sample) => sample.text === text)?.answeredAt ?? null;
}
