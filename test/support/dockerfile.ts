import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export type Instruction = { name: string; text: string };
export type Stage = { name: string; base: string; instructions: readonly Instruction[] };

/** The stages of a Dockerfile: comments left out, continued lines joined. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [base = '', , alias] = rest.split(/\s+/);
      stages.push({ name: alias ?? String(stages.length), base, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined || name === '') throw new Error(`not understood: ${line}`);
      stage.instructions.push({ name, text: rest.trim() });
    }
  }
  return stages;
}

/** Whether `.dockerignore` keeps a path from the builder: the last pattern that matches it or a folder above it decides. */
export function ignoreRules(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isKept: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }));
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ pattern }) => prefixes.some((prefix) => pattern.test(prefix)));
    return last !== undefined && !last.isKept;
  };
}

function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*|\?/g, (wild) => ({ '**/': '(?:.*/)?', '*': '[^/]*', '?': '[^/]' })[wild] ?? wild);
  return new RegExp(`^${source}$`);
}

/** The files of `dir` that reach the builder. Folders nothing is kept of are not looked into. */
export async function contextFiles(dir: string, ignoreText: string): Promise<string[]> {
  const isIgnored = ignoreRules(ignoreText);
  const kept = [...ignoreText.matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
  const mayHoldSome = (path: string) =>
    !isIgnored(path) || kept.some((other) => other.startsWith(`${path}/`));
  const below = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(dir, folder), { withFileTypes: true });
    const paths = entries.map((entry) => ({ path: join(folder, entry.name), isFolder: entry.isDirectory() }));
    const files = paths.filter(({ path, isFolder }) => !isFolder && !isIgnored(path));
    const folders = paths.filter(({ path, isFolder }) => isFolder && mayHoldSome(path));
    const inFolders = await Promise.all(folders.map(({ path }) => below(path)));
    return [...files.map(({ path }) => path), ...inFolders.flat()];
  };
  return below('');
}
