import { readFileSync, rmSync } from 'node:fs';
import { OpsError } from '../domain/errors.ts';
import { readEnrolment, saveEnrolment, type Enrolled } from './enrolment.ts';
import { replaceFile } from './files.ts';
import { createHttp, type HttpAnswer } from './http-call.ts';
import type { AgentSettings } from './settings.ts';
import { matching, object, text } from './shape.ts';

interface Credentials extends Enrolled {
  readonly key: string;
  readonly configKeys: string;
}

const answerTimeoutMs = 15_000;

/**
 * Trades the one-time token for the agent's own key, and keeps both keys in their files. Says what was done, and never a secret. Run
 * again it changes nothing; after a crash in its midst it says what is left to do.
 */
export async function enrolAgent(settings: AgentSettings, api: URL, token: string): Promise<string> {
  const before = readEnrolment(settings.enrolmentFile);
  const key = readOr(settings.keyFile).trim();
  if (before.kind === 'enrolled' && key !== '') return `${described(before.enrolled)} already`;
  if (before.kind === 'trading' && key !== '') return finish(settings, before.enrolled);
  if (key !== '')
    throw new OpsError(
      'conflict',
      `${settings.keyFile} holds a key already, which would be lost; set HOLDFAST_API_KEY_FILE to another file, or remove it`,
    );
  // On disk before the token is sent: whoever comes after a crash is to know that it may be used up.
  saveEnrolment(settings.enrolmentFile, { kind: 'trading', enrolled: expected(settings) });
  const credentials = await trade(settings, api, token, before.kind === 'trading').catch((error: unknown) => {
    const isCertain = error instanceof OpsError && error.code === 'unauthenticated';
    if (isCertain && before.kind !== 'trading') rmSync(settings.enrolmentFile, { force: true });
    throw error;
  });
  const enrolled = placeOf(credentials);
  saveEnrolment(settings.enrolmentFile, { kind: 'trading', enrolled });
  addConfigKeys(settings.configKeys, credentials.configKeys);
  replaceFile(settings.keyFile, `${credentials.key}\n`);
  return finish(settings, enrolled);
}

function finish(settings: AgentSettings, enrolled: Enrolled): string {
  saveEnrolment(settings.enrolmentFile, { kind: 'enrolled', enrolled });
  const own = expected(settings);
  const isSame = JSON.stringify(own) === JSON.stringify(enrolled);
  if (isSame) return described(enrolled);
  const { proxy, project, environment } = enrolled;
  return `${described(enrolled)}; run the agent with HOLDFAST_PROXY=${proxy} HOLDFAST_PROJECT=${project} HOLDFAST_PROXY_ENVIRONMENT=${environment}`;
}

function described({ proxy, project, environment }: Enrolled): string {
  return `proxy ${proxy} is enrolled in ${project}/${environment}`;
}

async function trade(
  { keyFile, proxy, project }: AgentSettings,
  api: URL,
  token: string,
  wasInterrupted: boolean,
): Promise<Credentials> {
  const answer = await createHttp(
    api,
    keyFile,
  )({
    ...{ method: 'POST', path: '/v1/proxy-enrollments', body: { token } },
    ...{ timeoutMs: answerTimeoutMs, signal: new AbortController().signal },
  });
  if (answer.status === 401) {
    const lost = `an earlier run was interrupted after it had sent its token, and the key that it got is lost; have an admin remove the proxy (DELETE /v1/projects/${project}/fleet/${proxy}) and invite it again`;
    const plain = 'have an admin of the project invite the proxy again';
    throw new OpsError(
      'unauthenticated',
      `the token is unknown, used or expired: ${wasInterrupted ? lost : plain}`,
    );
  }
  const credentials = credentialsIn(answer);
  if (credentials) return credentials;
  throw new OpsError('unavailable', `the API at ${api.origin} answered ${answer.status}: ${why(answer)}`);
}

function credentialsIn({ status, text: body }: HttpAnswer): Credentials | null {
  if (status < 200 || status > 299) return null;
  try {
    const value: unknown = JSON.parse(body);
    return isCredentials(value) ? value : null;
  } catch {
    return null;
  }
}

const name = matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

function isCredentials(value: unknown): value is Credentials {
  const fields = { proxy: name, project: name, environment: name, configKeys: text };
  return object({ ...fields, key: matching(/^hf_[\w-]+$/) })(value);
}

/** The words of a problem alone: a good answer holds the key. */
function why({ status, text: body }: HttpAnswer): string {
  return status < 300 ? 'not what was agreed' : body.slice(0, 300);
}

function placeOf({ proxy, project, environment }: Enrolled): Enrolled {
  return { proxy, project, environment };
}

function expected({ proxy, project, environment }: AgentSettings): Enrolled {
  return { proxy, project, environment };
}

/** Those of other signers stay. */
function addConfigKeys(path: string, pem: string): void {
  const present = readOr(path);
  if (present.includes(pem.trim())) return;
  const before = present === '' || present.endsWith('\n') ? present : `${present}\n`;
  replaceFile(path, `${before}${pem.trim()}\n`);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
