/** What the gateway asks of the other houses. */
import { looksLikeToken, roleIn, type Principal } from '../../identity/index.ts';
import type { Caller } from '../../sandbox/index.ts';
import type { GatewayPorts } from '../gateway/gateway.ts';
import type { Services } from '../services.ts';
import { refusedAnswers } from './refused-answers.ts';

const ANONYMOUS: Caller = { kind: 'anonymous' };

export function gatewayPorts(services: Services): GatewayPorts {
  const { installations, authenticator, sandbox, telemetry, log } = services;
  return {
    find: (orgSlug, plugin) => installations.describeGuest(orgSlug, plugin),
    identify: (authorization, orgId) => {
      const [, secret] = authorization === null ? [] : (/^bearer +(\S+)$/iu.exec(authorization) ?? []);
      // Any other value of Authorization is between the caller and the plugin.
      if (secret === undefined || !looksLikeToken(secret)) return ANONYMOUS;
      const principal = authenticator.recall(secret);
      if (principal) return callerOf(principal, orgId);
      return authenticator.authenticate(secret).then((asked) => callerOf(asked, orgId));
    },
    run: (invocation) => sandbox.call(invocation),
    answerRefused: refusedAnswers(log, telemetry),
  };
}

function callerOf(principal: Principal, orgId: string): Caller {
  const mayCall = principal.scopes.has('plugins:call');
  return { kind: 'user', id: principal.id, role: mayCall ? (roleIn(principal, orgId) ?? null) : null };
}
