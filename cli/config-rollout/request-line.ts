import type { ConfigSimulation } from '../../contracts/config-revision.ts';

export type SampledRequest = ConfigSimulation['affected'][number]['request'];

/** The request, or what is wrong with the line. */
export function requestOf(text: string, fallback: { port?: number; host?: string }): SampledRequest | string {
  const line = parsed(text);
  if (line === null) return 'is no JSON object';
  const target = targetOf(valueOf(line, names.path));
  const host = valueOf(line, names.host) ?? target.host ?? fallback.host;
  const port = valueOf(line, names.port) ?? portOf(host) ?? target.port ?? fallback.port;
  if (target.path === undefined) return 'names no path (path, uri, request_uri or url)';
  if (port === undefined || !Number.isInteger(Number(port)))
    return 'names no port (port or server_port); say which with --port';
  if (host === undefined) return 'names no host (host or http_host); say which with --host';
  return {
    port: Number(port),
    host: String(host),
    path: target.path,
    method: String(valueOf(line, names.method) ?? 'GET').toUpperCase(),
    ...headersOf(line['headers']),
  };
}

/** What logs call the parts of a request; the first that is there counts. */
const names = {
  port: ['port', 'server_port', 'frontend_port', 'fe_port'],
  method: ['method', 'request_method', 'http_method', 'verb'],
  host: ['host', 'http_host', 'authority', 'server_name'],
  path: ['path', 'request_uri', 'http_path', 'uri', 'url'],
} as const;

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function valueOf(
  line: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string | number | undefined {
  for (const name of known) {
    const value = line[name];
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return value;
  }
  return undefined;
}

/** A path as it is, or the parts of a whole URL. */
function targetOf(target: string | number | undefined): { path?: string; host?: string; port?: number } {
  if (typeof target !== 'string') return {};
  if (!/^https?:\/\//.test(target) || !URL.canParse(target)) return { path: target };
  const url = new URL(target);
  const usual = url.protocol === 'https:' ? 443 : 80;
  return {
    path: `${url.pathname}${url.search}`,
    host: url.hostname,
    port: url.port === '' ? usual : Number(url.port),
  };
}

/** A host as a header has it names a port, or none. */
function portOf(host: string | number | undefined): string | undefined {
  return /^[^:]+:([0-9]{1,5})$/.exec(String(host))?.[1];
}

function headersOf(headers: unknown): Pick<SampledRequest, 'headers'> {
  const isMapping = typeof headers === 'object' && headers !== null && !Array.isArray(headers);
  return isMapping ? { headers: headers as Record<string, string> } : {};
}
