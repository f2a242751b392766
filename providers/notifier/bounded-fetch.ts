import type { WebClientOptions } from '@slack/web-api';

const mostOfAnswer = 256 * 1024;

/** A fetch that ends with `signal` and reads answers up to a bound: a longer one is a failure. */
export function boundedFetch(signal: AbortSignal): NonNullable<WebClientOptions['fetch']> {
  return async (url, init) => {
    const answer = await fetch(url, { ...init, signal });
    const body = await readBounded(answer);
    const { status, statusText, headers } = answer;
    const copy = new Response(body, { status, statusText, headers });
    // A Response that was made by hand has no URL, and the client looks at its end.
    return Object.defineProperty(copy, 'url', { value: answer.url });
  };
}

async function readBounded(answer: Response): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += (part as Uint8Array).length;
    if (length > mostOfAnswer) throw new Error(`the answer is longer than ${mostOfAnswer} bytes`);
    parts.push(part as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(parts)).buffer;
}
