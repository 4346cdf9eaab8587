/**
 * Interim answers (RFC 9110, section 15.2), of which a server may send some before the one that counts: a hint, a sign
 * that it is at work. Nobody here asks for them, and one that never ends them would keep this process reading.
 */
import type { Dispatcher } from 'undici';
import { egressFailed } from '../../spec/egress/failure.ts';
import { EGRESS_LIMITS } from '../../spec/limits.ts';

type Handler = Dispatcher.DispatchHandler;

/** Ends a request with more of them than it may have. */
export const boundInterims: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  let interims = 0;
  // All but the one method is the handler's own.
  const counting = Object.create(handler) as Handler;
  counting.onResponseStart = (...args: Parameters<NonNullable<Handler['onResponseStart']>>): void => {
    const [controller, status] = args;
    if (status < 200 && ++interims > EGRESS_LIMITS.interimsMax) controller.abort(egressFailed('broken'));
    else handler.onResponseStart?.apply(counting, args);
  };
  return dispatch(options, counting);
};
