// outcome: exception
export default { fetch: (request, host) => host.database.query('select 1') };
