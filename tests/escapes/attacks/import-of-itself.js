// outcome: ok
// answer: "linked"
import * as self from './index.js';
export const linked = 'linked';
export default { fetch: () => Response.json(self.linked) };
