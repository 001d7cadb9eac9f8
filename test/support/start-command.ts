import { readFileSync } from 'node:fs';

/** What `npm start` runs under Node: the program with its flags. */
export function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const [node, ...args] = String(scripts.start).split(' ');
  if (node !== 'node') throw new Error(`npm start does not start Node: ${scripts.start}`);
  return args;
}
