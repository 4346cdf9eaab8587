/** `npm run bench -- call publish …`: the named tables, or all of them, as Markdown on standard output. */
import { benchCall } from './call.ts';
import { benchContracts } from './contracts.ts';
import { benchEvents } from './events.ts';
import { benchFirstCall } from './first-call.ts';
import { benchImport } from './import.ts';
import { benchInstall } from './install.ts';
import { benchKv } from './kv.ts';
import { describeMachine } from './machine.ts';
import { benchPackageReading } from './package-reading.ts';
import { benchLoaded } from './loaded.ts';
import { benchNeighbours } from './neighbours.ts';
import { benchDownload, benchPublish } from './publish.ts';
import { benchResolver } from './resolver.ts';
import { benchSandbox } from './sandbox.ts';
import { benchSoak } from './soak.ts';
import { benchStart } from './start.ts';
import { formatTable, type Table } from './table.ts';

const TABLES: Readonly<Record<string, () => Promise<Table> | Table>> = {
  call: benchCall,
  sandbox: benchSandbox,
  kv: benchKv,
  'first-call': benchFirstCall,
  neighbours: benchNeighbours,
  loaded: benchLoaded,
  soak: benchSoak,
  contracts: benchContracts,
  events: benchEvents,
  publish: benchPublish,
  download: benchDownload,
  start: benchStart,
  'package-reading': benchPackageReading,
  resolver: benchResolver,
  install: benchInstall,
  import: benchImport,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(TABLES, name));
if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(TABLES).join(', ')}.\n`);
  process.exit(2);
}
process.stdout.write(`${describeMachine()}\n\n`);
for (const [name, measure] of Object.entries(TABLES))
  if (asked.length === 0 || asked.includes(name)) process.stdout.write(`${formatTable(await measure())}\n`);
process.exit(0);
