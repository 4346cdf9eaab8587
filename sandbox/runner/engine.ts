/**
 * isolated-vm, loaded from the exact file that the supervisor put beside this runner: the package's own loader probes
 * for files that the permission model refuses.
 */
import type isolatedVm from 'isolated-vm';

export type Engine = typeof isolatedVm;

/** @param addonPath absolute path of the native file that fits this Node */
export function loadEngine(addonPath: string): Engine {
  const holder: { exports: { ivm?: Engine } } = { exports: {} };
  process.dlopen(holder, addonPath);
  return holder.exports.ivm as Engine;
}
