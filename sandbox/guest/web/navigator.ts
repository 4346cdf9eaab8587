/** navigator.userAgent, by which libraries tell one runtime from another (WinterTC minimum common API). */
import { defineInterface } from './web-idl.ts';

class Navigator {
  get userAgent(): string {
    return 'Souk';
  }
}

defineInterface(Navigator, 'Navigator');
export const navigator = new Navigator();
