import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { findPlace, keepPage, notePoll, type PartOfSource } from '../../db/feedback/poll.ts';
import { hasRoom } from '../../db/feedback/quota.ts';
import { findSource, type SourceSpec } from '../../db/feedback/source.ts';
import { isWanted } from '../../domain/feedback/filter.ts';
import { isPolled, partsOf, readEntries } from '../../domain/feedback/poll.ts';
import { redactReport } from '../../domain/feedback/redact-report.ts';
import type { PollAnswer } from '../../providers/feedback-source/poller.ts';
import type { FeedbackTools } from './index.ts';

export interface ReadInput {
  readonly source: string;
  readonly part: string;
}

export interface ReadEnd {
  /** `end`: all is read; `more`: go on at once; `wait`: go on after `waitMs`; `refused`: another try will not help. */
  readonly outcome: 'end' | 'more' | 'wait' | 'refused';
  /** Reports that were new or newer. */
  readonly changed: number;
  readonly waitMs: number;
  readonly note: string;
}

const pagesAtOnce = 100;
const dayMs = 86_400_000;

export function createPolling(tools: FeedbackTools) {
  const { db } = tools;

  /** What a source reads by itself; nothing where it is gone or switched off. */
  async function pollParts({ source }: { source: string }): Promise<{ parts: readonly string[] }> {
    const spec = await findSource(db, ownProject(), source);
    return { parts: spec?.enabled === true ? partsOf(spec, tools.redditSubreddits) : [] };
  }

  /** Reads on from where it was left. Each page is kept with its place, so that a repeat after a crash leaves out nothing. */
  async function readPart({ source, part }: ReadInput): Promise<ReadEnd> {
    const at = { project: ownProject(), source, part };
    let changed = 0;
    for (let page = 0; page < pagesAtOnce; page += 1) {
      heartbeat({ part, page, changed });
      const step = await onePage(at);
      changed += step.changed;
      if (step.outcome !== 'more') return { ...step, changed };
    }
    return { ...goOn, changed };
  }

  async function onePage(at: PartOfSource): Promise<ReadEnd> {
    const spec = await findSource(db, at.project, at.source);
    if (spec?.enabled !== true || !isPolled(spec.kind))
      return { ...done, note: 'the source is gone or switched off' };
    const quota = { project: at.project, source: at.source, perDay: spec.dailyQuota ?? 0 };
    // What is over the quota stays at its source until there is room.
    if (spec.dailyQuota !== null && !(await hasRoom(db, quota)))
      return { ...done, outcome: 'wait', waitMs: dayMs - (Date.now() % dayMs), note: 'over its daily quota' };
    const place = await findPlace(db, at);
    const answer = await ask(at, spec, place);
    switch (answer.kind) {
      case 'unchanged':
        await notePoll(db, at, null);
        return done;
      case 'wait':
        await notePoll(db, at, answer.reason);
        return { ...done, outcome: 'wait', waitMs: answer.ms, note: answer.reason };
      case 'refused':
        await notePoll(db, at, `${at.part}: ${answer.reason}`);
        return { ...done, outcome: 'refused', note: answer.reason };
      case 'page':
        return keep(at, spec, { from: place, answer });
    }
  }

  async function ask(at: PartOfSource, spec: SourceSpec, place: PartPlace): Promise<PollAnswer> {
    if (!isPolled(spec.kind)) return { kind: 'unchanged' };
    try {
      const token = spec.settings.token === undefined ? null : await tools.secrets.read(spec.settings.token);
      const poller = tools.pollers[spec.kind];
      return await poller.next({ part: at.part, place, token, signal: cancellationSignal() });
    } catch (error) {
      await notePoll(db, at, `${at.part}: ${(error as Error).message}`);
      throw error;
    }
  }

  async function keep(
    at: PartOfSource,
    spec: SourceSpec,
    { from, answer }: { from: PartPlace; answer: Extract<PollAnswer, { kind: 'page' }> },
  ): Promise<ReadEnd> {
    if (!isPolled(spec.kind)) return done;
    const { entries, place: to, isEnd, restMs } = answer;
    const reports = readEntries(spec.kind, entries, { part: at.part, now: new Date().toISOString() })
      .filter((report) => isWanted(report, spec.filter))
      .map(redactReport);
    const changed = await keepPage(db, { ...at, reports, from, to, isEnd, newId: tools.newId });
    // Somebody else read on from the same place: what is next is looked up again.
    if (changed === null) return goOn;
    if (isEnd) return { ...done, changed };
    return restMs > 0
      ? { outcome: 'wait', changed, waitMs: restMs, note: 'its quota of calls is used up' }
      : { ...goOn, changed };
  }

  return { pollParts, readPart };
}

type PartPlace = Awaited<ReturnType<typeof findPlace>>;

const done: ReadEnd = { outcome: 'end', changed: 0, waitMs: 0, note: '' };
const goOn: ReadEnd = { outcome: 'more', changed: 0, waitMs: 0, note: '' };

/** The project is that of the workflow's own id, which nobody can type into a message. */
function ownProject(): string {
  return activityInfo().workflowExecution?.workflowId.split('/')[1] ?? '';
}
