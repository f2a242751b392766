import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { addressRefused, guardedLookup, isAllowed, type PrivateAddresses } from './address.ts';

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly privateAddresses: PrivateAddresses;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of the answer. */
  readonly text: string;
}

const mostOfAnswer = 4096;

/** Sends a POST to a checked address. Follows no redirect, uses no proxy, keeps no connection, reads only the beginning of the answer. */
export async function post({ url, headers, body, privateAddresses, signal }: Post): Promise<PostAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isAllowed(host, privateAddresses)) throw addressRefused(host);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        lookup: guardedLookup(privateAddresses),
        agent: false,
        signal,
      },
      (answer) => {
        // The status is the answer; a body that does not come does not change it.
        void readBeginning(answer)
          .catch(() => '')
          .then((text) => {
            resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'], text });
            sent.destroy();
          });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function readBeginning(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= mostOfAnswer) break;
  }
  return Buffer.concat(parts).subarray(0, mostOfAnswer).toString('utf8');
}
