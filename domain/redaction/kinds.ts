import { cardSpans, isIban } from './check-digits.ts';

/** A kind of secret or personal data, told by its form. */
export interface RedactedKind {
  readonly kind: string;
  /** With the flag g. A group named `keep` stays in front of what is removed. */
  readonly shape: RegExp;
  /** Some text without which the shape cannot match, in lower case: most lines are passed over by it. */
  readonly hint?: string;
  /** Tells the real thing from what only looks like it. */
  readonly isReal?: (found: string) => boolean;
  /** Where in what the shape found the real ones are, as from and to, in order: other digits may stand right beside them. */
  readonly spans?: (found: string) => readonly (readonly [number, number])[];
}

/** The more telling before the more general: what is removed is not looked at again. Prefixes are those that their issuers publish. */
export const kinds: readonly RedactedKind[] = [
  {
    kind: 'private-key',
    shape:
      /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)/g,
    hint: 'private key',
  },
  { kind: 'jwt', shape: /\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*/g, hint: 'eyj' },
  { kind: 'aws-access-key', shape: /\b(?:AKIA|ASIA|AGPA|AROA|AIDA|ANPA|ANVA)[0-9A-Z]{16}\b/g },
  { kind: 'github-token', shape: /\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_\w{22,255})\b/g },
  { kind: 'gitlab-token', shape: /\bgl(?:pat|dt|ptt|rt|cbt|soat)-[\w-]{20,}/g, hint: 'gl' },
  { kind: 'slack-token', shape: /\bxox[abeoprs]-[\w-]{10,}/g, hint: 'xox' },
  {
    kind: 'slack-webhook',
    shape: /https:\/\/hooks\.slack\.com\/(?:services|workflows)\/[\w/-]+/g,
    hint: 'hooks.slack',
  },
  {
    kind: 'discord-webhook',
    shape: /https:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]+/g,
    hint: 'webhooks/',
  },
  { kind: 'stripe-key', shape: /\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{10,}\b|\bwhsec_[\w+/=]{16,}/g },
  { kind: 'anthropic-key', shape: /\bsk-ant-[\w-]{16,}/g, hint: 'sk-ant' },
  { kind: 'openai-key', shape: /\bsk-(?:proj-|svcacct-|admin-)?[\w-]{20,}/g, hint: 'sk-' },
  { kind: 'google-api-key', shape: /\bAIza[\w-]{35}/g, hint: 'aiza' },
  { kind: 'google-oauth-token', shape: /\bya29\.[\w-]{20,}/g, hint: 'ya29' },
  { kind: 'npm-token', shape: /\bnpm_[A-Za-z0-9]{36}\b/g, hint: 'npm_' },
  { kind: 'pypi-token', shape: /\bpypi-[\w-]{50,}/g, hint: 'pypi-' },
  { kind: 'sendgrid-key', shape: /\bSG\.[\w-]{16,}\.[\w-]{16,}/g, hint: 'sg.' },
  { kind: 'twilio-key', shape: /\b(?:SK|AC)[0-9a-f]{32}\b/g },
  { kind: 'mailgun-key', shape: /\bkey-[0-9a-f]{32}\b/g, hint: 'key-' },
  { kind: 'digitalocean-token', shape: /\bdo[por]_v1_[0-9a-f]{64}\b/g, hint: '_v1_' },
  { kind: 'vault-token', shape: /\bhv[sbr]\.[\w-]{20,}/g, hint: 'hv' },
  { kind: 'databricks-token', shape: /\bdapi[0-9a-f]{32}\b/g, hint: 'dapi' },
  { kind: 'telegram-token', shape: /\b\d{8,10}:AA[\w-]{33}\b/g, hint: ':aa' },
  { kind: 'holdfast-key', shape: /\bhf_[0-9a-f]{12}_[\w-]{20,}/g, hint: 'hf_' },
  { kind: 'azure-account-key', shape: /(?<keep>\bAccountKey=)[A-Za-z0-9+/=]{40,}/g, hint: 'accountkey' },
  {
    kind: 'password-in-url',
    shape: /(?<keep>\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)/gi,
    hint: '://',
  },
  { kind: 'authorization', shape: /(?<keep>\b(?:Bearer|Basic|Token) )[\w+/=.~-]{12,}/g },
  { kind: 'cookie', shape: /(?<keep>\b(?:set-)?cookie: ?)[^\r\n]+/gi, hint: 'cookie:' },
  {
    kind: 'named-secret',
    shape:
      /(?<keep>(?<![\w.-])[\w.-]{0,60}(?:passw(?:or)?d|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|client[_-]?secret|private[_-]?key|session[_-]?id)["']? ?[=:] ?)(?:"[^"\r\n]+"|'[^'\r\n]+'|[^\s"',;&)}\]]{3,})/gi,
  },
  {
    kind: 'email',
    shape: /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}/gu,
    hint: '@',
  },
  { kind: 'iban', shape: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g, isReal: isIban },
  { kind: 'card-number', shape: /(?<![\w.-])\d(?:[ -]?\d){12,80}(?![\w.-]*\d)/g, spans: cardSpans },
  {
    kind: 'us-social-security-number',
    shape: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g,
    hint: '-',
  },
  { kind: 'coordinates', shape: /(?<![\d.])-?\d{1,2}\.\d{4,}, ?-?\d{1,3}\.\d{4,}(?![\d.])/g, hint: ',' },
  {
    kind: 'phone-number',
    // ITU-T E.164: with its country code at most 15 digits. What is counted back from the end leaves out digits that only stand beside it.
    shape:
      /(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}(?<=\+(?:\D{0,2}\d){8,15})|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}-\d{3}-\d{4})(?![\w-])/g,
  },
  { kind: 'mac-address', shape: /(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])/gi },
  {
    kind: 'ip-address',
    shape:
      /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)|(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?=(?:[0-9a-f]*:){3})(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?![\w:])/gi,
  },
];
