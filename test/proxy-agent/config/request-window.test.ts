import { expect, test } from 'vitest';
import type { LoggedRequest } from '../../../proxy-agent/windows/logged-request.ts';
import { openWindow } from '../../../proxy-agent/windows/request-window.ts';

function answered(status: number, termination = '--'): LoggedRequest {
  const end = { frontend: 'web', port: 80, status, termination, method: 'GET', host: 'shop', path: '/' };
  return { backend: 'shop', server: 's1', ms: 7, sequence: 3, end };
}

test('an answer is an error, a refusal, or neither', () => {
  const window = openWindow(0, 3);
  const refused = [400, 401, 403, 404, 413, 429, 499].map((status) => answered(status));
  const errors = [answered(500), answered(503, 'sC'), answered(-1, 'CD'), answered(200, 'SD')];
  const others = [200, 204, 301, 304].map((status) => answered(status));
  // Broken off by the server in its midst: an error, whatever its status was.
  const both = [answered(404, 'SD')];

  for (const request of [...refused, ...errors, ...others, ...both]) window.add(request);

  expect(window.close(5000)).toMatchObject({ requests: 16, errors: 5, refused: 7, sequence: 3 });
});
