import type { SampledRequest } from '../../domain/config-document/impact.ts';
import { apis } from './shop.ts';

/** A request and where the shop leads it, known from how it was made. */
export interface LabelledRequest extends SampledRequest {
  readonly lane: string;
}

const lanes = [
  'admin',
  'beta',
  'old',
  'health',
  'writes',
  'shop',
  'api',
  'api',
  'api',
  'tenants',
  'pages',
  'internal',
];

/** The same requests in every run: each lane in turn, on both ports of the shop, from several hosts. */
export function labelledRequests(count: number): LabelledRequest[] {
  return Array.from({ length: count }, (_, index) => requestAt(index));
}

function requestAt(index: number): LabelledRequest {
  const kind = lanes[index % lanes.length] ?? 'pages';
  const round = Math.floor(index / lanes.length);
  const request = {
    port: round % 8 === 0 ? 8443 : 8080,
    method: 'GET',
    host: round % 2 === 0 ? 'shop.example.org' : 'www.example.org:8080',
    headers: { accept: '*/*', 'user-agent': 'bench' },
  };
  switch (kind) {
    case 'admin':
      return {
        ...request,
        host: 'admin.example.org',
        path: round % 3 === 0 ? '/shop/list' : '/users',
        lane: kind,
      };
    case 'beta':
      return {
        ...request,
        headers: { ...request.headers, 'x-beta': 'yes' },
        path: `/shop/${round}?a=1`,
        lane: kind,
      };
    case 'old':
      return { ...request, path: round % 2 === 0 ? '/old' : '/older', lane: kind };
    case 'health':
      return { ...request, path: '/health', lane: kind };
    case 'writes':
      return { ...request, method: round % 2 === 0 ? 'POST' : 'PUT', path: '/shop/cart', lane: kind };
    case 'shop':
      return {
        ...request,
        method: round % 4 === 0 ? 'DELETE' : 'GET',
        path: `/shop/item/${round}`,
        lane: kind,
      };
    case 'api': {
      const api = (index * 7 + round) % apis;
      const below = ['', '/v2/list', '/hijack/x', '/v1'][round % 4] ?? '';
      return { ...request, path: `/api/${api}${below}`, lane: `api${api}` };
    }
    case 'tenants': {
      const host = round % 2 === 0 ? 'a.tenants.example.org' : 'b.eu.tenants.example.org';
      return { ...request, host, path: '/welcome', lane: kind };
    }
    case 'internal':
      return { ...request, port: 9090, path: '/shop/any', lane: kind };
    default:
      return { ...request, path: ['/', '/healthz', '/shopping', '/api/'][round % 4] ?? '/', lane: kind };
  }
}
