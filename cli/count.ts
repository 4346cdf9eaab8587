import { InvalidArgumentError } from 'commander';

/** @returns reads an argument of a command line that is a whole number of these bounds */
export function count(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/u.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };
}
