/** URL and URLSearchParams (URL standard), from whatwg-url. */
export { URL, URLSearchParams } from 'whatwg-url';
