// outcome: exception
// trigger: health
const cycle = {};
cycle.self = cycle;
export default { health: () => cycle };
