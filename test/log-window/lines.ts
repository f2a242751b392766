import fc from 'fast-check';
import type { LogLine } from '../../domain/log-window/log-window.ts';

export const startMs = Date.UTC(2026, 10, 21, 12);

/** A line with what matters, the rest as usual. */
export function line(over: Partial<LogLine> = {}): LogLine {
  return {
    ...{
      atMs: startMs,
      service: 'shop',
      route: '/orders/:id',
      status: 200,
      isError: false,
      release: '1.0.0',
    },
    ...{ latencyMs: 12, user: null, message: 'order 17 paid', ...over },
  };
}

/** Lines of two hours, of few services and kinds, so that many meet in one window. */
export const anyLine: fc.Arbitrary<LogLine> = fc.record({
  atMs: fc.integer({ min: startMs, max: startMs + 2 * 3_600_000 }),
  service: fc.constantFrom('shop', 'pay'),
  route: fc.constantFrom('/orders', null),
  status: fc.constantFrom(200, 404, 503, null),
  isError: fc.boolean(),
  release: fc.constantFrom('1.0.0', '1.1.0', null),
  latencyMs: fc.option(fc.double({ min: 0, max: 90_000, noNaN: true })),
  user: fc.option(fc.constantFrom('ann', 'bob', 'cyd', 'dan')),
  message: fc
    .tuple(
      fc.constantFrom('order', 'user', 'cart'),
      fc.constantFrom('paid', 'lost', 'found', 'shown', 'kept', 'sent', 'made', 'cut', 'seen', 'put'),
      fc.nat(9),
    )
    .map(([what, happened, number]) => `${what} ${happened} by ${number}`),
});
