import type { ErrorCodeEntry } from './entry.ts';

/** Codes of inspection: one for each rule, and those of the inspection as a whole. */
export const INSPECTION_ERRORS = {
  inspection_rejected: {
    status: 422,
    kind: 'policy',
    title: 'The package was read, but an inspection rule rejects it.',
    hint: 'Mend each violation listed; souk check applies the same rules.',
  },
  inspection_timeout: {
    status: 422,
    kind: 'limit',
    title: 'Inspecting the package took too long.',
    hint: 'Make the code smaller, or bundle and minify it.',
  },
  inspection_check_crashed: {
    status: 422,
    kind: 'fault',
    title: 'A check could not decide, so the package is rejected.',
    hint: 'Simplify the file named; report it to the operator if it is ordinary code.',
  },
  entry_module_missing: {
    status: 422,
    kind: 'input',
    title: 'The entry module that the manifest names is not in the package.',
    hint: 'Set main to a file of the package, exactly as it is spelled there.',
  },
  module_not_utf8: {
    status: 422,
    kind: 'input',
    title: 'A module is not UTF-8.',
    hint: 'Save the file as UTF-8.',
  },
  module_syntax: {
    status: 422,
    kind: 'input',
    title: 'A module is not a valid ECMAScript module.',
    hint: 'Compile TypeScript and JSX, and turn CommonJS into ES modules, for example with souk pack.',
  },
  module_too_deep: {
    status: 422,
    kind: 'limit',
    title: 'A module nests deeper than it can be read.',
    hint: 'Simplify the expression, or write generated data as JSON text.',
  },
  import_not_bundled: {
    status: 422,
    kind: 'input',
    title: 'A module imports something that is not in the package.',
    hint: 'Bundle it into the package, for example with souk pack (esbuild); plugins have no node: modules and no network imports.',
  },
  import_outside: {
    status: 422,
    kind: 'input',
    title: 'A module imports from outside the package.',
    hint: 'Import by a relative path that stays inside the package.',
  },
  import_missing: {
    status: 422,
    kind: 'input',
    title: 'A module imports a file that the package does not have.',
    hint: 'Write the path with its extension, exactly as the file is spelled.',
  },
  import_not_javascript: {
    status: 422,
    kind: 'input',
    title: 'A module imports a file that is not JavaScript.',
    hint: 'Import .js or .mjs files only; put data into a module that exports it.',
  },
  import_not_literal: {
    status: 422,
    kind: 'input',
    title: 'A module imports a path that is computed at run time.',
    hint: 'Name what you import in an import statement: import() loads nothing in the sandbox.',
  },
  import_dynamic: {
    status: 422,
    kind: 'input',
    title: 'A module loads another by import(), which fails in the sandbox.',
    hint: 'Pack with souk pack, which bundles such modules in, or use an import statement.',
  },
  code_too_large: {
    status: 422,
    kind: 'limit',
    title: 'The modules together are larger than a plugin may load.',
    hint: 'Minify the code, drop libraries that are not needed, and keep data out of modules.',
  },
  too_many_modules: {
    status: 422,
    kind: 'limit',
    title: 'The entry module leads to more modules than a plugin may load.',
    hint: 'Bundle the code into fewer files.',
  },
  permission_undeclared: {
    status: 422,
    kind: 'input',
    title: 'The code uses a host API whose permission the manifest does not ask for.',
    hint: 'Add the permission to the manifest; without it the call is denied at run time.',
  },
  event_uncovered: {
    status: 422,
    kind: 'input',
    title: 'The manifest subscribes to, or declares, an event that none of its permissions covers.',
    hint: 'Add events.subscribe or events.emit with the name to the permissions; otherwise nothing is heard, and telling it is denied.',
  },
  callee_undeclared: {
    status: 422,
    kind: 'input',
    title: 'The manifest asks for calls of a plugin that it does not declare as a dependency.',
    hint: 'Add the plugin with a range to dependencies or optionalDependencies; otherwise each call is refused with dependency_undeclared.',
  },
  private_key_in_package: {
    status: 422,
    kind: 'input',
    title: 'The package holds a private key.',
    hint: 'Remove the file, and replace the key: it must be taken as known to others.',
  },
  secret_in_package: {
    status: 422,
    kind: 'input',
    title: 'The package holds what looks like an access token.',
    hint: 'Remove it, revoke it where it came from, and use a secret of the manifest instead.',
  },
  environment_file_in_package: {
    status: 422,
    kind: 'input',
    title: 'The package holds a file of a kind that usually holds secrets.',
    hint: 'Leave it out of the package.',
  },
  look_alike_name: {
    status: 422,
    kind: 'policy',
    title: 'The name can be mistaken for that of another plugin.',
    hint: 'Choose a name that differs clearly.',
  },
  readme_missing: {
    status: 422,
    kind: 'input',
    title: 'The package has no README.',
    hint: 'Add README.md: what the plugin does, and how it is set up.',
  },
  licence_missing: {
    status: 422,
    kind: 'input',
    title: 'The package says nothing about its licence.',
    hint: 'Add a LICENSE file, or license to the manifest.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;
