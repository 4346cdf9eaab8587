// outcome: exception
import fs from 'node:fs';
export default { fetch: () => new Response(fs.readFileSync('/etc/passwd')) };
