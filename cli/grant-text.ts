/** Grants as people read them. */
import type { Permission } from '../spec/permission.ts';

export type Grant = Omit<Permission, 'name'> & { readonly name: string };

export function grantLines(held: readonly Grant[]): string[] {
  if (held.length === 0) return ['it may do nothing but answer'];
  return held.map(({ name, scope, methods }) => {
    const reach = scope ? ` of ${scope.join(', ')}` : '';
    return `granted: ${name}${reach}${methods ? ` (${methods.join(', ')})` : ''}`;
  });
}
