import { createHash } from 'node:crypto';
import type { App } from './dependencies.ts';
import { sessionCookie, type MayDecode } from './may-decode.ts';

interface Login {
  readonly mayDecode: MayDecode;
  readonly uiUrl: string | null;
  readonly namespace: string;
}

const sessionSeconds = 12 * 60 * 60;

/**
 * `/codec/login`: the Temporal UI of one machine knows no people, so its pages cannot send a key of somebody. Whoever has the key
 * gives it here once, and the browser sends it as a cookie that scripts cannot read and other sites cannot cause to be sent.
 */
export function registerCodecLogin(app: App, { mayDecode, uiUrl, namespace }: Login): void {
  const html = page(uiUrl, namespace);
  const policy = `default-src 'none'; connect-src 'self'; script-src '${hashOf(script)}'; frame-ancestors 'none'`;
  app.get('/codec/login', { config: { isPublic: true }, schema: { hide: true } }, (_request, reply) =>
    reply
      .headers({
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
      .type('text/html; charset=utf-8')
      .send(html),
  );
  app.post('/codec/session', { config: { isPublic: true }, schema: { hide: true } }, (request, reply) => {
    const isKnown = mayDecode({ headers: { authorization: request.headers.authorization } });
    if (!isKnown) return reply.code(401).send({ loggedIn: false });
    const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const attributes = `Path=/codec; HttpOnly; SameSite=Strict; Max-Age=${sessionSeconds}`;
    const secure = request.protocol === 'https' ? '; Secure' : '';
    return reply
      .header('set-cookie', `${sessionCookie}=${key}; ${attributes}${secure}`)
      .send({ loggedIn: true });
  });
  app.delete('/codec/session', { config: { isPublic: true }, schema: { hide: true } }, (_request, reply) =>
    reply.header('set-cookie', `${sessionCookie}=; Path=/codec; Max-Age=0`).code(204).send(),
  );
}

const script = `
const endpoint = document.querySelector('#endpoint');
endpoint.textContent = location.origin + '/codec/' + endpoint.dataset.namespace;
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const key = document.querySelector('input').value.trim();
  const answer = await fetch('/codec/session', { method: 'POST', headers: { authorization: 'Bearer ' + key } });
  document.querySelector('output').textContent = answer.ok
    ? 'Done: this browser may decode for twelve hours.'
    : 'This is not the key.';
});
`;

function page(uiUrl: string | null, namespace: string): string {
  const where = uiUrl === null ? 'the Temporal UI' : `<a href="${uiUrl}">the Temporal UI</a>`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Holdfast: see payloads</title>
<h1>See payloads in clear text</h1>
<p>Temporal stores what workflows take and give encrypted.</p>
<ol>
<li>Give the key of the codec server. On one machine it is in the file <code>secrets/codec-token</code> of the stack's home.
<form><input type="password" autocomplete="off" aria-label="key" required> <button>Give</button> <output></output></form></li>
<li>In ${where}, press the glasses at the top, choose <q>Use my browser setting</q>, enter
<code id="endpoint" data-namespace="${namespace}"></code>, switch on <q>Include cross-origin credentials</q>, and apply.
This has to be done once.</li>
</ol>
<script>${script}</script></html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
