import { expect, test } from 'vitest';
import { planLines, type ShownPlan } from './plan-text.ts';

const NOTHING: ShownPlan = {
  id: 'p',
  changes: [],
  permissions: [],
  advisories: [],
  missingConfig: [],
  missingSecrets: [],
  conflicts: [],
};

test('a plan that changes nothing says so', () => {
  expect(planLines(NOTHING)).toEqual(['Nothing changes.', 'It asks for no new permission.']);
});

test('what stays is not shown among what changes', () => {
  const keep = { kind: 'keep', plugin: 'a/kept', fromVersion: '1.0.0', toVersion: '1.0.0', why: [] } as const;
  const add = {
    ...keep,
    kind: 'add',
    plugin: 'a/new',
    fromVersion: null,
    why: ['You asked for it.'],
  } as const;
  expect(planLines({ ...NOTHING, changes: [keep, add] })).toEqual([
    'What changes:',
    '  + a/new 1.0.0',
    '      You asked for it.',
    'It asks for no new permission.',
  ]);
});

test('a permission says who brings it in, and what stands against the plan comes last', () => {
  const lines = planLines({
    ...NOTHING,
    permissions: [
      {
        plugin: 'a/x',
        permission: { name: 'kv' },
        risk: 'low',
        description: 'Keeps data.',
        causedBy: ['a/y'],
      },
    ],
    missingSecrets: [{ plugin: 'a/x', secret: 'token' }],
    missingConfig: [{ plugin: 'a/x' }],
    conflicts: [{ message: 'a/x and a/z both answer mail@1.' }],
    heldBack: { message: 'a/y 2.0.0 is held back. a/x 1.0.0 needs a/y ^1.0.0.' },
  });
  expect(lines.slice(1)).toEqual([
    'What it asks for:',
    '  a/x: kv (low risk)',
    '      Keeps data.',
    '      It comes with a/y.',
    'Mind:',
    '  ! a/y 2.0.0 is held back. a/x 1.0.0 needs a/y ^1.0.0.',
    '  ! a/x: set its configuration before you activate it.',
    '  ! a/x: it needs the secret token.',
    '  ! a/x and a/z both answer mail@1.',
  ]);
});
