import type { HeaderChange } from '../../../contracts/config-document/text.ts';
import type { Reading, SourceLine } from './source.ts';
import { readFormat } from './values.ts';

interface Changes {
  requestHeaders?: HeaderChange[];
  responseHeaders?: HeaderChange[];
}

const actions = { 'set-header': 'set', 'add-header': 'add', 'del-header': 'remove' } as const;

/** `http-request` and `http-response` rules that change one header to one text, always. */
export function readHeaderRule(changes: Changes, { words }: SourceLine): Reading {
  const [rules, keyword = '', name = '', value, ...more] = words ?? [];
  if (!Object.hasOwn(actions, keyword)) return { lost: `a document cannot say ${rules} ${keyword}` };
  const action = actions[keyword as keyof typeof actions];
  const isRemoval = action === 'remove';
  if (more.length > 0 || (isRemoval && value !== undefined))
    return { lost: 'a document changes headers of a whole frontend, route or backend, without a condition' };
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) return { lost: 'is no name of a header' };
  if (name.toLowerCase() === 'host')
    return { lost: 'a document chooses the route before it changes headers, and the host decides of routes' };
  const text = readFormat(value);
  if (!isRemoval && text === null) return { lost: 'a document takes a fixed text, without expressions' };
  const change: HeaderChange = isRemoval ? { action, name } : { action, name, value: text ?? '' };
  if (rules === 'http-request') {
    (changes.requestHeaders ??= []).push(change);
    return 'kept';
  }
  (changes.responseHeaders ??= []).push(change);
  if (rules === 'http-after-response') return 'kept';
  return { changed: 'the answers of the proxy itself, such as redirects, get the header as well' };
}
