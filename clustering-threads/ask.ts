import type { Worker } from 'node:worker_threads';
import { isErrorCode, OpsError } from '../domain/errors.ts';
import type { Answer, Request } from './messages.ts';

/** The answer to one request; `moved` buffers go over without a copy. Rejects when the request fails, or the thread itself does. */
export function ask(worker: Worker, request: Request, moved: ArrayBuffer[] = []): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      worker.unref();
      act();
    };
    const onMessage = (answer: Answer) =>
      settle(() => (answer.kind === 'failed' ? reject(errorOf(answer)) : resolve(answer)));
    const onError = (error: Error) =>
      settle(() =>
        reject(new OpsError('internal', `a clustering thread failed: ${error.message}`, {}, error)),
      );
    const onExit = () =>
      settle(() =>
        reject(new OpsError('unavailable', 'a clustering thread ended before its job did: start it again')),
      );
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.ref();
    worker.postMessage(request, moved);
  });
}

function errorOf({ code, message, detail }: Extract<Answer, { kind: 'failed' }>): OpsError {
  return new OpsError(isErrorCode(code) ? code : 'internal', message, { ...detail });
}
