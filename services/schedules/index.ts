export { MISSED_POLICIES, SCHEDULE_ENTITIES, type MissedPolicy } from './entities.ts';
export { openSchedules, type NewSchedule, type Schedules, type ScheduleView } from './schedules.ts';
