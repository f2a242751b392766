import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigDocument } from '../../../contracts/config-document.ts';
import type { ConfigRevisionDetail } from '../../../contracts/config-revision.ts';
import { filesHash } from '../../../domain/config-bundle/bundle-text.ts';
import type { CommandLine } from '../command-line.ts';
import type { Observer } from '../observer.ts';
import { edgeDocuments } from './documents.ts';
import { startPages } from './pages.ts';
import { edgeLogPort, edgePort } from './ports.ts';
import { enrolProxy, hashServedBy, startProxy, type EdgePlace, type EdgeProxy } from './proxy.ts';
import type { EdgeSeen, ServedHashes } from './receipt.ts';

interface StoryPlace {
  readonly root: string;
  readonly home: string;
  readonly haproxy: string;
  readonly apiUrl: string;
  /** Begins a load of its own process. */
  observe(url: string): Observer;
}

const nodes = [
  { name: 'edge-1', region: 'fra', address: '127.0.0.1' },
  { name: 'edge-2', region: 'ams', address: '127.0.0.2' },
  { name: 'edge-3', region: 'ams', address: '127.0.0.3' },
];

/** A fleet of three takes a configuration, loses a bad one at its first wave, and takes the next one. */
export async function playEdge(line: CommandLine, { observe, ...place }: StoryPlace): Promise<EdgeSeen> {
  line.act(
    'Three more HAProxies, each with an agent: the environment edge, one of them in a region of its own',
  );
  const edge = await openEdge(line, place);
  const { documents, proxies, ports } = edge;
  await writeDocument(edge, documents.first);
  await line.holdfast('config', 'put', edge.file, '--env', 'edge', '--reason', 'as the operators have it');
  for (const proxy of proxies) await enrolProxy(line, edge, proxy);
  await Promise.all(proxies.map((proxy) => startProxy(line, edge, proxy)));
  const observers = proxies.map(({ address }) => observe(`http://${address}:${ports.edge}`));
  line.say(`   load: 50 requests a second to each of them`);
  for (const observer of observers) await observer.untilRequests(50);

  line.act('Their first configuration, under load: one region, a look at its errors, then the rest');
  await apply(line, edge, 0);
  const first = await lookAround(line, edge);

  line.act(
    'The next one passes every check, but what it leads to answers 500: it has to stop at the first region',
  );
  await writeDocument(edge, documents.bad);
  await apply(line, edge, 1, '--file', edge.file, '--reason', 'new pages');
  const back = await lookAround(line, edge);

  line.act('The one after that is good');
  await writeDocument(edge, documents.second);
  await apply(line, edge, 0, '--file', edge.file, '--reason', 'new pages, mended');
  const second = await lookAround(line, edge);
  const reports = await Promise.all(observers.map((observer) => observer.stop()));
  return { first, back, second, reports };
}

interface Edge extends EdgePlace {
  readonly documents: ReturnType<typeof edgeDocuments>;
  readonly proxies: readonly EdgeProxy[];
  /** Where the document is that was put last. */
  readonly file: string;
  readonly plan: string;
}

async function openEdge(line: CommandLine, { root, ...place }: Omit<StoryPlace, 'observe'>): Promise<Edge> {
  const addresses = nodes.map(({ address }) => address);
  const ports = {
    edge: await edgePort(addresses),
    pages: await edgePort(['127.0.0.1']),
    broken: await edgePort(['127.0.0.1']),
  };
  const proxies: EdgeProxy[] = [];
  for (const node of nodes) proxies.push({ ...node, logPort: await edgeLogPort() });
  line.interrupted.throwIfAborted();
  await Promise.all([
    startPages(place.home, { name: 'pages', port: ports.pages, errorRate: 0 }),
    startPages(place.home, { name: 'broken-pages', port: ports.broken, errorRate: 1 }),
  ]);
  await mkdir(join(place.home, 'edge'), { recursive: true });
  return {
    ...place,
    ...{ ports, proxies, documents: edgeDocuments(ports), file: join(place.home, 'edge/proxy.json') },
    plan: join(root, 'infra/demo/edge/plan.yaml'),
  };
}

async function writeDocument({ file }: Edge, document: ConfigDocument): Promise<void> {
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
}

function apply(line: CommandLine, { plan }: Edge, code: number, ...flags: string[]): Promise<void> {
  return line.holdfastEnding(
    ...([
      code,
      'config',
      'apply',
      '--env',
      'edge',
      ...flags,
      '--plan',
      plan,
      '--wait',
      '--timeout',
      '2m',
    ] as const),
  );
}

/** Asks each HAProxy itself, and compares with what the revision that is live comes to. */
async function lookAround(line: CommandLine, edge: Edge): Promise<ServedHashes> {
  const { rendered } = await line.json<ConfigRevisionDetail>('config', 'show', 'live', '--env', 'edge');
  const wanted = filesHash(sha256, [{ path: 'base.cfg', sha256: sha256(rendered) }]);
  const served = await Promise.all(edge.proxies.map((proxy) => hashServedBy(edge, proxy)));
  for (const [index, { name }] of edge.proxies.entries())
    line.say(`   ${name} itself answers that it serves ${served[index]?.slice(0, 12) ?? 'nothing of ours'}`);
  return { wanted, served };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
