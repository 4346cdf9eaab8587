/** URLPattern (URL Pattern standard), from urlpattern-polyfill. */
import { URLPattern } from 'urlpattern-polyfill/urlpattern';
import { defineInterface } from './web-idl.ts';

defineInterface(URLPattern, 'URLPattern', { constructor: 0, test: 0, exec: 0 });
export { URLPattern };
