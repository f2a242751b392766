import type { HeaderChange } from '../../../contracts/config-document/text.ts';
import { line, type Line } from './line.ts';
import { literalFormat } from './word.ts';

type Rules = 'http-request' | 'http-after-response';

/** Changes of headers; those of answers reach the answers of the proxy itself as well, such as redirects. */
export function headerLines(
  rules: Rules,
  changes: readonly HeaderChange[] | undefined,
  pointer: string,
  condition: readonly string[] = [],
): Line[] {
  return (changes ?? []).map((change, index) =>
    line(`${pointer}/${index}`, rules, ...changeWords(change), ...condition),
  );
}

function changeWords({ action, name, value, from }: HeaderChange): string[] {
  switch (action) {
    case 'set':
    case 'add':
      return [`${action}-header`, name, from === undefined ? literalFormat(value ?? '') : factFormat(from)];
    case 'remove':
      return ['del-header', name];
  }
}

function factFormat(from: NonNullable<HeaderChange['from']>): string {
  switch (from) {
    case 'client-address':
      return '%[src]';
    case 'host':
      return '%[req.hdr(host)]';
    case 'request-id':
      return '%ID';
    case 'scheme':
      return '%[ssl_fc,iif(https,http)]';
  }
}
