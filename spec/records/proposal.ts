/** What a plugin proposes, and what that is judged against. */
import type { JsonObject, JsonValue } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';
import type { JudgedType } from './judged-type.ts';

/** One row as a plugin proposes it. */
export type Proposal = {
  /** Its number in the file, or in the call where there is no file. */
  readonly row: number;
  /** The values as they stood in the source, whatever they are. */
  readonly original: JsonValue;
  readonly data: JsonObject;
  /** The record that is meant, where the plugin knows it. */
  readonly id?: string;
  /** Why the plugin could not read the row; it is rejected with these words. */
  readonly problems?: readonly string[];
};

/** Who proposes, and what the rows are judged against. */
export type Judgement = {
  readonly judged: JudgedType;
  readonly plugin: PluginId;
  /** Whether the plugin has fields of its own in records of the type. */
  readonly ownFields: 'yes' | 'no';
  readonly importId: string;
};
