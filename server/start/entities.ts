/** Every table that has an entity, of all houses. */
import { AUDIT_ENTITIES } from '../../database/index.ts';
import { IDENTITY_ENTITIES } from '../../identity/index.ts';
import { REGISTRY_ENTITIES } from '../../registry/entities/index.ts';
import { INSTALLATION_ENTITIES } from '../../registry/installations/index.ts';
import {
  EVENT_ENTITIES,
  JOB_ENTITIES,
  CONTRACT_ENTITIES,
  FILE_ENTITIES,
  KV_ENTITIES,
  MAIL_ENTITIES,
  RECORD_ENTITIES,
  SCHEDULE_ENTITIES,
  SECRET_ENTITIES,
  TELEMETRY_ENTITIES,
  LIMIT_ENTITIES,
} from '../../services/index.ts';

export const ENTITIES = [
  ...AUDIT_ENTITIES,
  ...IDENTITY_ENTITIES,
  ...REGISTRY_ENTITIES,
  ...INSTALLATION_ENTITIES,
  ...KV_ENTITIES,
  ...SECRET_ENTITIES,
  ...TELEMETRY_ENTITIES,
  ...LIMIT_ENTITIES,
  ...MAIL_ENTITIES,
  ...JOB_ENTITIES,
  ...CONTRACT_ENTITIES,
  ...RECORD_ENTITIES,
  ...EVENT_ENTITIES,
  ...FILE_ENTITIES,
  ...SCHEDULE_ENTITIES,
];
