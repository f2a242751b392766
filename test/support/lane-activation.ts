import { proxySinks, type Sinks, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

export interface ActivationSinks extends Sinks {
  crash: { activation(): void };
}

const { crash } = proxySinks<ActivationSinks>();

/** Tells the worker of every workflow activation; bundled with the workflows for the crash matrix only. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [],
  outbound: [],
  internals: [
    {
      activate(input, next) {
        crash.activation();
        return next(input);
      },
    },
  ],
});
