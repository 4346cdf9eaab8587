/** Resolving, on graphs that are wide, long and dead. */
import { Refusal } from '../spec/refusal.ts';
import { resolve, type ResolutionProblem } from '../registry/resolver/index.ts';
import { chain, deadEnds, dense } from '../registry/resolver/support/problem-shapes.ts';
import { fixed, median, type Table } from './table.ts';

type Graph = {
  readonly name: string;
  readonly problem: ResolutionProblem;
  readonly rounds: number;
  readonly p50MsMax: number;
};
/** One row for each graph: what came out, the median and the slowest round, and the goal for the median. */
export function benchResolver(): Table {
  return {
    title: 'Resolving',
    method: 'In this process, the same problem again and again.',
    columns: ['graph', 'answer', 'steps', 'p50 ms', 'max ms', 'goal ms'],
    rows: graphs().map(measure),
  };
}

function graphs(): readonly Graph[] {
  return [
    { name: '200 plugins x 20 versions, dense', problem: dense(200, 20, 10), rounds: 30, p50MsMax: 20 },
    { name: '1,000 plugins x 30 versions', problem: dense(1_000, 30, 8), rounds: 9, p50MsMax: 250 },
    {
      name: '200 levels x 100 versions, same range',
      problem: deadEnds(200, 100, 'same'),
      rounds: 5,
      p50MsMax: 5_000,
    },
    {
      name: '200 levels x 100 versions, own ranges',
      problem: deadEnds(200, 100, 'own'),
      rounds: 5,
      p50MsMax: 5_000,
    },
    { name: 'chain of 5,000', problem: chain(5_000), rounds: 9, p50MsMax: 1_000 },
  ];
}

function measure({ name, problem, rounds, p50MsMax }: Graph): string[] {
  let answer = '';
  const times = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    answer = outcomeOf(problem);
    return performance.now() - startMs;
  });
  const [result = '', steps = ''] = answer.split('|');
  return [name, result, steps, fixed(median(times), 1), fixed(Math.max(...times), 1), String(p50MsMax)];
}

function outcomeOf(problem: ResolutionProblem): string {
  try {
    const { plugins, steps } = resolve(problem);
    return `${plugins.size} plugins|${steps}`;
  } catch (error) {
    if (error instanceof Refusal) return `${error.code}|`;
    throw error;
  }
}
