/**
 * What plugins reach under `souk dev`: the services of a server in memory, values of `.souk-dev.json`, the guarded net,
 * and each other.
 */
import type { Capability, Completion, HostCallContext, Invocation } from '../../sandbox/index.ts';
import type { MemoryPlugin } from '../../sdk/memory/plugin.ts';
import { openMemoryServices, type MemoryServices, type ServiceContext } from '../../sdk/memory/services.ts';
import {
  type Egress,
  type EgressAllow,
  type EgressContext,
  openEgress,
} from '../../services/egress/index.ts';
import { bindingOf, requireContract, type BindingView } from '../../spec/contracts/binding.ts';
import { dispatch, type ContractAnswer, type ContractCall } from '../../spec/contracts/dispatch.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import type { Capability as ServiceCapability } from '../../spec/host/capability.ts';
import { contractCapabilities } from '../../spec/host/contracts.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Io } from '../io.ts';
import { openDevData } from './dev-data.ts';
import { type DevDeliveries, openDevDeliveries } from './dev-deliveries.ts';
import { createDevHandlers } from './dev-handlers.ts';
import { type DevJobs, openDevJobs } from './dev-jobs.ts';
import type { DevLog } from './dev-log.ts';
import type { DevPlugin } from './dev-plugin.ts';
import { reportJob, reportMail, reportRecords } from './dev-report.ts';

export type DevServices = Omit<MemoryServices, 'capabilities' | 'values'> & {
  readonly capabilities: readonly Capability[];
  readonly handlers: HandlerRuns;
  readonly deliveries: DevDeliveries;
  callContract(call: ContractCall): Promise<ContractAnswer>;
  /** Ends what is at work, and keeps the data of the plugins in their file, where one was given. */
  close(): Promise<void>;
};

export type DevPorts = {
  readonly io: Io;
  readonly log: DevLog;
  /** Those that run now, in the order of the command line. */
  readonly plugins: () => readonly DevPlugin[];
  readonly call: (invocation: Invocation) => Promise<Completion>;
  /** Where key-value data is read at start and kept at the end; in memory alone where absent. */
  readonly dataFile: string | undefined;
};

/** @throws Refusal as `openDevData` */
export function openDevServices(ports: DevPorts): DevServices {
  const { io, plugins, call, log, dataFile } = ports;
  const find = (id: string): DevPlugin | undefined => plugins().find(({ manifest }) => manifest.id === id);
  const handlers = createDevHandlers(find, call);
  const work: { jobs?: DevJobs; deliveries?: DevDeliveries } = {};
  const { capabilities, values, ...services } = openMemoryServices({
    plugins: () => plugins().map(memoryPluginOf),
    readSecret: async ({ installationId }, name) => find(installationId)?.values.secrets.get(name) ?? null,
    serverOf: (plugin) => find(plugin)?.values.mail ?? {},
    nowMs: Date.now,
    sent: (mail) => reportMail(log, mail),
    decided: (batch, answer) => reportRecords(log, batch, answer),
    // Both tell while somebody still waits for the call that they are told of: looking is left for after it.
    told: () => setImmediate(() => work.deliveries?.look()),
    changed: (job) => {
      reportJob(log, job);
      if (job.state === 'queued') setImmediate(() => work.jobs?.look());
      else if (job.state !== 'running') services.files.release(job.files);
    },
  });
  const jobs = (work.jobs = openDevJobs(services.jobs, handlers));
  const deliveries = (work.deliveries = openDevDeliveries({ events: services.events, handlers, log }));
  const data = openDevData(io, values, dataFile);
  const egress = openDevEgress(find);
  const callContract = (asked: ContractCall): Promise<ContractAnswer> =>
    dispatch(
      { bindings: { read: async (_orgId, contract) => bindingIn(plugins(), contract) }, handlers },
      asked,
    );
  return {
    ...services,
    handlers,
    deliveries,
    callContract,
    capabilities: [
      ...capabilities.map((each) => byPlugin(each, data.touch)),
      ...contractCapabilities(callContract),
      egress.capability,
    ],
    close: async () => {
      await Promise.all([jobs.close(), deliveries.close()]);
      await egress.close();
      await data.close();
    },
  };
}

function memoryPluginOf({ manifest, guest }: DevPlugin): MemoryPlugin {
  const { digest, grants, config } = guest;
  return { manifest, digest, grants, config };
}

/** Who comes first on the command line answers, as who was installed first on a server. */
function bindingIn(plugins: readonly DevPlugin[], contract: string): BindingView {
  requireContract(contract);
  const able = plugins.filter(({ manifest }) => manifest.contributes?.contracts?.includes(contract));
  return bindingOf(
    contract,
    able.map(({ manifest }) => ({ plugin: manifest.id, active: 'yes', bound: 'no' })),
  );
}

/** Each load of a plugin is an installation of its own to the sandbox; its data and secrets outlast them. */
function byPlugin(
  capability: ServiceCapability<ServiceContext>,
  touch: (plugin: PluginId) => void,
): Capability {
  return {
    ...capability,
    act: (args, context: HostCallContext) => {
      const { guest, caller, requestId, files, trigger, deadline, signal } = context;
      touch(guest.plugin.id);
      const byId = { ...guest, installationId: guest.plugin.id };
      return capability.act(args, { guest: byId, caller, requestId, files, trigger, deadline, signal });
    },
  };
}

const NOTHING_ALLOWED: EgressAllow = { hosts: [], ranges: [] };

/** The guard of the server, with what the plugin's own `.souk-dev.json` allows: one for each such list. */
function openDevEgress(find: (id: string) => DevPlugin | undefined): Egress {
  const opened = new Map<string, Egress>();
  const open = (allow: EgressAllow): Egress => {
    const key = JSON.stringify(allow);
    const readSecret = async ({ guest }: EgressContext, name: string): Promise<string | null> =>
      find(guest.plugin.id)?.values.secrets.get(name) ?? null;
    const egress = opened.get(key) ?? openEgress({ allow, readSecret, observe: () => {} });
    opened.set(key, egress);
    return egress;
  };
  return {
    capability: {
      ...open(NOTHING_ALLOWED).capability,
      act: (args, context) => {
        const allow = find(context.guest.plugin.id)?.values.egressAllow ?? NOTHING_ALLOWED;
        return open(allow).capability.act(args, context);
      },
    },
    close: async () => {
      await Promise.all([...opened.values()].map((egress) => egress.close()));
    },
  };
}
