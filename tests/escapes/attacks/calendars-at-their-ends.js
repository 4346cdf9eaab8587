// outcome: ok, exception, exceededCpu, exceededMemory
// Dates at both ends of what calendars can count, an engine of its own beside V8's.
export default {
  async fetch() {
    const [first, last] = [new Date(-8.64e15), new Date(8.64e15)];
    const said = ['chinese', 'islamic-umalqura', 'hebrew', 'dangi', 'japanese'].map((calendar) =>
      [first, last].map((date) =>
        new Intl.DateTimeFormat('en', { calendar, dateStyle: 'full' }).format(date),
      ),
    );
    if (typeof Temporal === 'undefined') return Response.json(said.length);
    const ends = [new Temporal.PlainDate(-271821, 4, 19), new Temporal.PlainDate(275760, 9, 13)];
    for (const calendar of ['chinese', 'islamic-umalqura', 'hebrew', 'dangi']) {
      const [from, to] = ends.map((date) => date.withCalendar(calendar));
      said.push(String(from.until(to, { largestUnit: 'months' })));
    }
    return Response.json(said.length);
  },
};
