// outcome: ok, exceededCpu
export default { fetch: () => Response.json(/^(a+)+$/.test('a'.repeat(40) + 'b')) };
