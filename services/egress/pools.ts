/** Connections that are kept for a next request, apart for each installation. */
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import { boundInterims } from './interim-answers.ts';

export type Pools = {
  of(installationId: string): Dispatcher;
  close(): Promise<void>;
};

/** What a connection has seen (its TLS session, an authentication that binds to it) stays with one installation. */
export function createPools(connect: buildConnector.connector): Pools {
  const agents = new Map<string, Dispatcher>();
  return {
    of: (installationId) => {
      const agent = agents.get(installationId) ?? createAgent(connect);
      // The map remembers who asked last; who has not asked for longest makes room.
      agents.delete(installationId);
      agents.set(installationId, agent);
      const [oldest] = agents;
      if (agents.size > EGRESS_LIMITS.poolsMax && oldest) {
        agents.delete(oldest[0]);
        // Ends once its requests in flight have.
        void oldest[1].close();
      }
      return agent;
    },
    close: async () => {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function createAgent(connect: buildConnector.connector): Dispatcher {
  const agent = new Agent({
    connect,
    connections: EGRESS_LIMITS.connectionsPerOriginMax,
    pipelining: 1,
    maxHeaderSize: EGRESS_LIMITS.headerBytesMax,
    headersTimeout: EGRESS_LIMITS.silenceMsMax,
    bodyTimeout: EGRESS_LIMITS.bodySilenceMsMax,
    keepAliveTimeout: EGRESS_LIMITS.connectionIdleMsMax,
    keepAliveMaxTimeout: EGRESS_LIMITS.connectionIdleMsMax,
  });
  return agent.compose(boundInterims);
}
