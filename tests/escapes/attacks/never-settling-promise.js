// outcome: exceededWallTime
// deadlineMs: 300
export default { fetch: () => new Promise(() => {}) };
