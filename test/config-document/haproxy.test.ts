import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { nodePlaces, shadowHeaders } from '../../domain/config-document/render/places.ts';
import { renderConfigDocument } from '../../domain/config-document/render/render.ts';
import { tlsReferences } from '../../domain/config-document/tls-references.ts';
import { freePort } from '../../infra/net/ports.ts';
import { createHaproxyCheck } from '../../providers/config-check/haproxy.ts';
import { until } from '../support/haproxy.ts';
import { nastyTexts } from './arbitrary-of.ts';
import { shop, validDocuments } from './documents.ts';

const runs = inject('long') ? 3000 : 60;

test('HAProxy takes every document without a problem, without a warning', { timeout: 600_000 }, async () => {
  const checker = createHaproxyCheck({ haproxy: 'haproxy', scratch: tmpdir() });
  const check = (document: ConfigDocument) =>
    checker.check(
      {
        render: (places) => renderConfigDocument(document, places),
        references: tlsReferences(document),
      },
      new AbortController().signal,
    );

  expect(await check(shop)).toEqual([]);
  await fc.assert(
    fc.asyncProperty(validDocuments, async (document) => {
      expect(await check(document)).toEqual([]);
    }),
    { numRuns: runs },
  );
});

test('texts reach the client and the server as they were written, whatever they hold', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-literal-'));
  const bodies = [...nastyTexts, 'a\nb', 'ends with \\', '"\'`$(id)'];
  const headers = bodies.filter((text) => /^[!-~]([ -~]*[!-~])?$/.test(text));
  const document: ConfigDocument = {
    ...shop,
    frontends: [
      {
        name: 'web',
        binds: [{ port: 1 }],
        routes: [
          ...bodies.map((body, index) => ({
            name: `body${index}`,
            match: { paths: [`/body${index}`] },
            answer: { status: 200, body },
          })),
          ...headers.map((value, index) => ({
            name: `match${index}`,
            match: { headers: [{ name: 'x-match', value }] },
            backend: 'cart',
            requestHeaders: [{ action: 'set' as const, name: 'x-seen', value }],
            responseHeaders: [{ action: 'set' as const, name: 'x-said', value }],
          })),
          ...headers.map((value, index) => ({
            name: `go${index}`,
            match: { paths: [`/go${index}`] },
            redirect: { location: value },
          })),
        ],
      },
    ],
  };
  const socket = join(folder, 'web.sock');
  const config = join(folder, 'haproxy.cfg');
  const shadow = { bindAt: () => socket, watched: ['x-seen'] };
  await writeFile(config, renderConfigDocument(document, { ...nodePlaces, shadow }).text);
  const child = spawn('haproxy', ['-f', config], { stdio: 'ignore' });
  try {
    await until('HAProxy answers', () =>
      ask(socket, '/').then(
        () => true,
        () => false,
      ),
    );

    for (const [index, body] of bodies.entries())
      expect((await ask(socket, `/body${index}`)).body).toBe(body);
    for (const [index, value] of headers.entries()) {
      const matched = await ask(socket, '/', { 'x-match': value });
      expect(matched.headers[shadowHeaders.route]).toBe(`match${index}`);
      expect(matched.headers[shadowHeaders.backend]).toBe('cart');
      expect(matched.headers[`${shadowHeaders.seen}x-seen`]).toBe(value);
      expect(matched.headers['x-said']).toBe(value);
      expect((await ask(socket, `/go${index}`)).headers.location).toBe(value);
    }
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
});

test('a check that names no host is a request that strict servers take', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-checked-'));
  const heard: (string | undefined)[] = [];
  // Node answers a request of HTTP/1.1 without a host by itself, with 400.
  const server = createServer(({ headers }, response) => {
    heard.push(headers.host);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const document: ConfigDocument = {
    ...shop,
    // HAProxy does not run without any.
    frontends: [
      { name: 'web', binds: [{ address: '127.0.0.1', port: await freePort() }], defaultBackend: 'pages' },
    ],
    backends: [{ name: 'pages', healthCheck: { path: '/health' }, servers: [{ name: 'p1', address }] }],
  };
  const config = join(folder, 'haproxy.cfg');
  await writeFile(config, renderConfigDocument(document, nodePlaces).text);
  const child = spawn('haproxy', ['-f', config], { stdio: 'ignore' });
  try {
    await until('the server is checked', () => Promise.resolve(heard.length > 0));

    expect(heard[0]).toBe('localhost');
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(socketPath: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, headers, agent: false }, (incoming) => {
      let body = '';
      incoming.setEncoding('utf8').on('data', (part: string) => (body += part));
      incoming.on('end', () => resolve({ headers: incoming.headers, body }));
    });
    outgoing.on('error', reject).end();
  });
}
