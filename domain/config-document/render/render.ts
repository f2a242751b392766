import type { ConfigDocument } from '../../../contracts/config-document.ts';
import { backendLines } from './backend.ts';
import { frontendLines } from './frontend.ts';
import { defaultsLines, globalLines } from './defaults.ts';
import { heading, line, type Line, type Rendered, writeLines } from './line.ts';
import { nodePlaces, type Places } from './places.ts';

/**
 * The `haproxy.cfg` of a document for HAProxy 2.6 and newer. The same document and places give the same text, byte for byte. Expects
 * the shape of the contract; what the policy refuses may render to what HAProxy refuses, but no text of a document ever becomes a
 * word, a line or an expression of its own. Throws `invalid-input` for U+0000.
 */
export function renderConfigDocument(document: ConfigDocument, places: Places = nodePlaces): Rendered {
  return writeLines([
    ...globalLines(document.defaults ?? {}, places),
    ...defaultsLines(document.defaults ?? {}, places),
    ...proofLines(places),
    ...document.frontends.flatMap((frontend, index) =>
      frontendLines(frontend, `/frontends/${index}`, places),
    ),
    ...document.backends.flatMap((backend, index) => backendLines(backend, `/backends/${index}`, places)),
  ]);
}

function proofLines({ proof }: Places): Line[] {
  if (proof === null) return [];
  const answer = ['status', '200', 'content-type', 'text/plain', 'string', proof.revision];
  return [
    heading('', 'frontend', 'holdfast_proof'),
    line('', 'bind', `unix@${proof.socket}`, 'mode', '600'),
    line('', 'http-request', 'return', ...answer),
  ];
}
