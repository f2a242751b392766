import type { RolledOutCase } from '../cases.ts';
import { withBackend, withRoutes, withWeb } from '../shop.ts';

/** Valid in every word, and not what the environment expects: a proxy beside the fleet answers otherwise. */
export const rejectedCases: readonly RolledOutCase[] = [
  {
    name: 'a route that takes a part of what another one had',
    class: 'route hijack',
    stop: 'validation',
    tells: /GET shop\.example\/cart\/1: backend pages instead of cart/,
    change: (shop) =>
      withRoutes(shop, {
        name: 'campaign',
        match: { prefixes: ['/cart'], methods: ['GET'] },
        backend: 'pages',
      }),
  },
  {
    name: 'a route that is gone',
    class: 'route hijack',
    stop: 'validation',
    tells: /GET shop\.example\/ping: route none instead of ping/,
    change: (shop) =>
      withWeb(shop, (web) => ({ ...web, routes: web.routes?.filter(({ name }) => name !== 'ping') })),
  },
  {
    name: 'another backend for everybody',
    class: 'route hijack',
    stop: 'validation',
    tells: /GET shop\.example\/: backend api instead of pages/,
    change: (shop) => withWeb(shop, (web) => ({ ...web, defaultBackend: 'api' })),
  },
  {
    name: 'everybody is sent to https, where nobody listens',
    class: 'route hijack',
    stop: 'validation',
    tells: /GET shop\.example\/: status 302 instead of 200/,
    change: (shop) => withRoutes(shop, { name: 'secure', redirect: { scheme: 'https' } }),
  },
  {
    name: 'what was closed is open',
    class: 'route hijack',
    stop: 'validation',
    tells: /GET admin\.shop\.example\/: status 200 instead of 403/,
    change: (shop) =>
      withWeb(shop, (web) => ({ ...web, routes: web.routes?.filter(({ name }) => name !== 'admin') })),
  },
  {
    name: 'the port that everybody asks is gone',
    class: 'dead backend',
    stop: 'validation',
    tells: /GET shop\.example\/: nobody listens on port/,
    change: (shop, { spare }) =>
      withWeb(shop, (web) => ({ ...web, binds: [{ address: 'node', port: spare }] })),
  },
  {
    name: 'headers that fit into no buffer',
    class: 'memory',
    stop: 'validation',
    tells: /GET shop\.example\/api\/orders: status 500 instead of 200/,
    change: (shop) =>
      withBackend(shop, 'api', {
        requestHeaders: Array.from({ length: 64 }, (_, index) => ({
          ...{ action: 'set', name: `X-Large-${index}`, value: 'y'.repeat(1000) },
        })),
      }),
  },
];
