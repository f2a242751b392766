import type { ConfigDocument } from '../../../../contracts/config-document.ts';
import type { RolledOutCase } from '../cases.ts';
import { serversAt, shopKey, withBackend, withWeb } from '../shop.ts';

const errors = /at its checks: the error rate is .* %/;
const slower = /at its checks: the p95 latency is .* ms/;
const probe = /at its checks: the probe failed at \d proxies: /;
const refused = /at its checks: the rate of refused requests is .* %/;

/** HAProxy takes it gladly; only what becomes of requests tells that it is worse. */
export const worseCases: readonly RolledOutCase[] = [
  {
    name: 'servers where nobody listens',
    class: 'dead backend',
    ...{ stop: 'checks', tells: errors },
    change: (shop, { services }) => ofApi(shop, services.nobody, services.nobody),
  },
  {
    name: 'a health check that no server passes',
    class: 'dead backend',
    ...{ stop: 'checks', tells: errors },
    change: (shop) =>
      withBackend(shop, 'cart', {
        healthCheck: { path: '/healthz', expectStatus: '200', interval: '1s', timeout: '3s' },
      }),
  },
  {
    name: 'servers that take requests and never answer',
    class: 'dead backend',
    ...{ stop: 'checks', tells: errors },
    change: (shop, { services }) => ofApi(shop, services.mute, services.mute),
  },
  {
    name: 'TLS to servers that speak none',
    class: 'certificate mismatch',
    ...{ stop: 'checks', tells: errors },
    change: (shop, { services }) =>
      withBackend(shop, 'api', {
        servers: serversAt(services.api).map((server) => ({ ...server, tls: { insecure: true } })),
      }),
  },
  {
    name: 'servers that are well for 10 s and then are not',
    class: 'errors later',
    ...{ stop: 'checks', tells: errors },
    change: (shop, { services }) => ofApi(shop, services.tired, services.tired),
  },
  {
    name: 'one server of two that fails',
    class: 'errors later',
    ...{ stop: 'checks', tells: errors },
    change: (shop, { services }) => ofApi(shop, services.api, services.failing),
  },
  {
    name: 'servers that take 5 times as long',
    class: 'slow',
    ...{ stop: 'checks', tells: slower },
    change: (shop, { services }) => ofApi(shop, services.slow, services.slow),
  },
  {
    name: 'less time than the servers take',
    class: 'slow',
    ...{ stop: 'checks', tells: errors },
    change: (shop) => withBackend(shop, 'api', { timeouts: { server: '50ms' } }),
  },
  {
    name: 'one connection for everybody',
    class: 'slow',
    ...{ stop: 'checks', tells: probe },
    change: (shop) => withWeb(shop, (web) => ({ ...web, limits: { connections: 1 } })),
  },
  {
    name: 'pages from the servers of another service',
    class: 'route hijack',
    ...{ stop: 'checks', tells: probe },
    change: (shop, { services }) => withBackend(shop, 'pages', { servers: serversAt(services.cart) }),
  },
  {
    name: 'an interface from the servers of another service',
    class: 'route hijack',
    ...{ stop: 'checks', tells: refused },
    change: (shop, { services }) => ofApi(shop, services.pages, services.pages),
  },
  {
    name: 'a header is gone without which the servers take nobody',
    class: 'route hijack',
    ...{ stop: 'checks', tells: refused },
    change: (shop) =>
      withBackend(shop, 'api', { requestHeaders: [{ action: 'remove', name: shopKey.name }] }),
  },
  {
    name: 'no request may have a body any more',
    class: 'route hijack',
    ...{ stop: 'checks', tells: refused },
    change: (shop) => withWeb(shop, (web) => ({ ...web, limits: { requestBodyBytes: 0 } })),
  },
  {
    name: 'one request every 10 s for each client',
    class: 'route hijack',
    ...{ stop: 'checks', tells: new RegExp(`${probe.source}|${refused.source}`) },
    change: (shop) =>
      withWeb(shop, (web) => ({ ...web, limits: { requestRate: { requests: 1, per: '10s' } } })),
  },
];

function ofApi(shop: ConfigDocument, ...addresses: readonly string[]): ConfigDocument {
  return withBackend(shop, 'api', { servers: serversAt(...addresses) });
}
