import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';

const lines: string[] = [];
let installed = false;

/**
 * Keeps the SDK quiet and listens to its core: a workflow task that fails is retried for ever and shows nowhere else. Once a process.
 */
export function listenToCore(): void {
  if (installed) return;
  installed = true;
  const keep = (message: string, meta?: object): void => {
    if (/Failing workflow task|nondeterminism|TMPRL1100/i.test(message))
      lines.push(`${message} ${textOf(meta)}`);
  };
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (_level, message, meta) => keep(message, meta),
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: keep,
      error: keep,
    },
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

/** What the core complained about since the last call. */
export function takeComplaints(): string[] {
  return lines.splice(0);
}

function textOf(meta: object | undefined): string {
  try {
    return JSON.stringify(meta, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
  } catch {
    return '';
  }
}
