import type { ConfigRollout } from '../../contracts/config-rollout.ts';
import { fields } from '../table.ts';
import { short } from './environment.ts';
import { ruleText } from './plan-text.ts';

/** One rollout for people: where it is, what it saw, what it waits for, what to type next. */
export function rolloutText(rollout: ConfigRollout): string {
  const { state } = rollout;
  return [
    fields([
      ['rollout', rollout.id],
      ['environment', `${rollout.environment}: ${wayOf(rollout)}`],
      ['status', statusOf(rollout)],
      ...waveOf(rollout),
      ...stragglersOf(rollout),
      ...(state.waitingFor === null ? [] : [['waits for', state.waitingFor] as const]),
      ...(state.reason === null ? [] : [['reason', state.reason] as const]),
      ['started', `${rollout.createdAt} by ${rollout.startedBy}`],
      ...(rollout.finishedAt === null ? [] : [['finished', rollout.finishedAt] as const]),
    ]),
    ...checkText(rollout),
    ...nextText(rollout),
  ].join('\n');
}

/** What it replaces, and with what. */
export function wayOf({ kind, base, revision }: ConfigRollout): string {
  const before = base === null ? "the operators' own files" : short(base);
  return kind === 'rollback' ? `back to ${short(revision)}` : `${before} -> ${short(revision)}`;
}

function statusOf({ status, state, live }: ConfigRollout): string {
  if (status === 'closed') return `closed: ${state.outcome ?? 'unknown'}`;
  const isKnown = live || status === 'starting';
  return `${status}: ${state.phase}${isKnown ? '' : ' (as last recorded; no worker answers)'}`;
}

function waveOf({ state, plan, waves }: ConfigRollout): (readonly [string, string])[] {
  const texts = plan.waves.map(({ rule }, index) => {
    const text = `${ruleText(rule)}: ${waves[index] ?? 0}`;
    return index === state.wave ? `[${text}]` : text;
  });
  const at = `${Math.max(0, state.wave + 1)} of ${plan.waves.length}: ${texts.join(', ')}`;
  return [['wave', at], ...countsOf(state)];
}

function countsOf({ counts }: ConfigRollout['state']): (readonly [string, string])[] {
  if (counts === null) return [];
  const { proxies, proven, pending, failed, silent } = counts;
  return [
    ['proxies', `${proven} of ${proxies} proven, ${pending} pending, ${failed} failed, ${silent} silent`],
  ];
}

/** Whom it waits for, one in a line. */
function stragglersOf({ stragglers = [] }: ConfigRollout): (readonly [string, string])[] {
  return stragglers.map(({ proxy, standing, heardAt, failure }, index) => {
    const why = failure ?? (heardAt === null ? 'never heard of' : `heard of ${heardAt}`);
    return [index === 0 ? 'not proven' : '', `${proxy} ${standing}: ${why}`];
  });
}

function checkText({ state }: ConfigRollout): string[] {
  const check = state.lastCheck;
  if (check === null) return [];
  const seen = [
    ...(check.errorRate === null ? [] : [`errors ${rounded(check.errorRate)} %`]),
    ...(check.p95 === null ? [] : [`p95 ${rounded(check.p95)} ms`]),
    ...(check.p99 === null ? [] : [`p99 ${rounded(check.p99)} ms`]),
  ];
  const figures = [`${check.requests} requests`, ...seen].join(', ');
  return ['', `last check ${check.at}: ${check.verdict} (${figures}) ${check.explanation}`];
}

function nextText({ id, status, state }: ConfigRollout): string[] {
  if (status === 'closed') return [];
  if (state.gate !== null)
    return ['', `next: holdfast config approve ${id}   or: holdfast config reject ${id}`];
  if (state.isPaused) return ['', `next: holdfast config resume ${id}`];
  return [];
}

function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
