import type { RefusedCase } from '../cases.ts';
import { refusedTexts } from '../hostile.ts';
import { stringFields, type StringField } from '../string-fields.ts';

/** Which fields are one case together. */
const groups: Readonly<Record<string, RegExp>> = {
  'names of frontends': /^\/frontends\/\*\/name$/,
  'names of routes': /\/routes\/\*\/name$/,
  'names of backends': /^\/backends\/\*\/name$/,
  'names of servers': /\/servers\/\*\/name$/,
  'references to backends': /\/(backend|defaultBackend)$/,
  'addresses to listen on': /\/binds\/\*\/address$/,
  'references to TLS material': /\/(certificates\/\*|clientAuthority|authority)$/,
  'hosts of a route': /\/hosts\/\*$/,
  'paths of a route': /\/(paths|prefixes)\/\*$/,
  'headers of a route': /\/match\/headers\//,
  'targets of redirects': /\/redirect\//,
  'answers of the proxy': /\/answer\//,
  'names of changed headers': /\/(request|response)Headers\/\*\/name$/,
  'values of changed headers': /\/(request|response)Headers\/\*\/value$/,
  'addresses of servers': /\/servers\/\*\/(address|tls\/serverName)$/,
  'health checks': /\/healthCheck\/(path|host|expectStatus)$/,
  times: /\/timeouts\/|\/hardStopAfter$|\/per$|\/healthCheck\/(interval|timeout)$/,
};

/** A text that wants to be more than a text, in every field that takes one. */
export const injectionCases: readonly RefusedCase[] = Object.entries(groups).map(([name, pattern]) => ({
  name: `injection: ${name}`,
  class: 'injection',
  stop: 'put',
  tells: /must match pattern|must NOT have more than|must NOT have fewer|U\+0000|is no |is x|must be equal/,
  documents: (shop) =>
    fieldsOf(pattern).flatMap((field) => refusedTexts(field, shop).map(({ document }) => document)),
}));

function fieldsOf(pattern: RegExp): StringField[] {
  const fields = stringFields.filter(({ pointer }) => pattern.test(pointer));
  if (fields.length === 0) throw new Error(`no field of the document is ${pattern.source}`);
  return fields;
}

/** Fields that no case writes. */
export const uninjectedFields: readonly string[] = stringFields
  .map(({ pointer }) => pointer)
  .filter((pointer) => !Object.values(groups).some((pattern) => pattern.test(pointer)));
