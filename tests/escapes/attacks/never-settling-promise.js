// outcome: exceededWallTime
export default { fetch: () => new Promise(() => {}) };
