import type { ChannelKind } from '../../contracts/notification.ts';

export interface ChannelFault {
  readonly pointer: '/target' | '/secret' | '/sender';
  readonly detail: string;
}

interface Addressed {
  readonly kind: ChannelKind;
  readonly target: string;
  readonly secret: string | null;
  readonly sender: string | null;
}

/** What no schema can say about a channel. Where a name leads to is checked when something is sent. */
export function channelFaults(channel: Addressed): ChannelFault[] {
  const target = targetProblem(channel.kind, channel.target);
  const faults: ChannelFault[] = target === null ? [] : [{ pointer: '/target', detail: target }];
  if (channel.secret === null) faults.push({ pointer: '/secret', detail: secretOf[channel.kind] });
  if (channel.sender === null) return faults;
  if (channel.kind !== 'email') faults.push({ pointer: '/sender', detail: 'is for email only' });
  else if (!isAddress(channel.sender)) faults.push({ pointer: '/sender', detail: 'is not an email address' });
  return faults;
}

const secretOf: Record<ChannelKind, string> = {
  webhook: 'is required: env:NAME or file:/PATH of a secret whsec_… that signs the messages',
  slack: "is required: env:NAME or file:/PATH of a bot's token xoxb-…",
  email: 'is required: env:NAME or file:/PATH of the URL of a mail server, smtps://user:password@host',
};

function targetProblem(kind: ChannelKind, target: string): string | null {
  switch (kind) {
    case 'webhook':
      return urlProblem(target);
    case 'slack':
      return /^(#[^\s#<>@,]{1,80}|[CDG][A-Z0-9]{6,20})$/.test(target)
        ? null
        : 'must be a channel such as #deploys, or its id such as C0123456789';
    case 'email':
      return addressesOf(target).every(isAddress) ? null : 'must be email addresses, separated by commas';
  }
}

/** A webhook goes out encrypted, or does not leave the machine. Says what is wrong with a URL, or null. */
export function urlProblem(text: string): string | null {
  const url = parse(text);
  if (url === null) return 'is not a URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password';
  if (url.protocol === 'https:') return null;
  if (url.protocol !== 'http:') return 'must begin with https://';
  return isLoopbackName(url.hostname) ? null : 'must begin with https:// (http only on loopback)';
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

function parse(text: string): URL | null {
  return /\s/.test(text) ? null : URL.parse(text);
}

export function addressesOf(target: string): string[] {
  return target.split(',').map((address) => address.trim());
}

function isAddress(text: string): boolean {
  return /^[^\s@<>,;:"'()[\]\\]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text);
}
