/** URLPattern (URL Pattern standard), from urlpattern-polyfill. */
export { URLPattern } from 'urlpattern-polyfill/urlpattern';
