// outcome: exceededCpu
export default { fetch: () => Response.json(/^(a+)+\1$/.test('a'.repeat(40) + 'b')) };
