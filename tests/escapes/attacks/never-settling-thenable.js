// outcome: exceededWallTime
export default { fetch: () => ({ then() {} }) };
