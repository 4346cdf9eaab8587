/** What test files and the global setup say to each other, through files in one folder. */
export const WANTED_FILE = 'wanted';
export const ANSWER_FILE = 'answer.json';
export const TEMPLATE_DATABASE = 'souk_template';

export type ServerAnswer =
  | { readonly kind: 'ready'; readonly socketFolder: string }
  | { readonly kind: 'failed'; readonly reason: string };

declare module 'vitest' {
  export interface ProvidedContext {
    databaseFolder: string;
  }
}
