import { chown, copyFile, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { contextFiles, type Instruction, parseDockerfile } from './dockerfile.ts';
import { isRoot, ORDINARY_UID } from './embedded-postgres.ts';
import { plainEnv, runProcess } from './processes.ts';
import { ROOT } from './product.ts';

/** A container's file system and how it is run, without an engine: what the Dockerfile says, done by hand in a folder. */
export type Image = {
  /** What is `/` in the container. */
  root: string;
  workdir: string;
  /** As the container's programs get it; folders of the image where they are on this machine. */
  env: Record<string, string>;
  user: string | null;
  start: string[];
  healthCheck: string[];
};

type Builder = { into: string; files: readonly string[]; stages: ReadonlyMap<string, Image> };

/** Packages come from npm's own cache where they are in it. */
const NPM_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 60_000;

/**
 * Follows `docker/Dockerfile` below `into`, which everyone must be able to enter. Throws where it copies what is not there, or
 * says what this does not know: then teach it.
 */
export async function buildImage(into: string): Promise<Image> {
  const stages = new Map<string, Image>();
  const files = await contextFiles(ROOT, await readFile(join(ROOT, '.dockerignore'), 'utf8'));
  const builder = { into, files, stages };
  // The base image's Node, where an ordinary user reaches it whatever folder the checkout is in.
  await mkdir(join(into, 'bin'));
  await copyFile(process.execPath, join(into, 'bin/node'));
  let last: Image | undefined;
  for (const { name, base, instructions } of parseDockerfile(
    await readFile(join(ROOT, 'docker/Dockerfile'), 'utf8'),
  )) {
    if (!/^node:24-[a-z]+-slim$/.test(base))
      throw new Error(`the base ${base} is not Debian slim with Node 24`);
    const root = join(into, `stage-${name}`);
    await mkdir(root);
    const image: Image = { root, workdir: '/', env: {}, user: null, start: [], healthCheck: [] };
    for (const instruction of instructions) { const t = performance.now(); await follow(instruction, image, builder); console.log(Math.round(performance.now() - t), instruction.name, instruction.text.slice(0, 60)); }
    stages.set(name, image);
    last = image;
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

/** A command as the image's user runs it, without any privilege left, as compose says. */
export function inImage(image: Image, into: string, command: readonly string[]) {
  const drop = ['--reuid', `${ORDINARY_UID}`, '--regid', `${ORDINARY_UID}`, '--clear-groups'];
  const none = ['--bounding-set=-all', '--no-new-privs'];
  const wrapped = isRoot && image.user !== null ? ['setpriv', ...drop, ...none, ...command] : command;
  const [file = '', ...args] = wrapped;
  return {
    command: file,
    args,
    cwd: join(image.root, image.workdir),
    env: { ...plainEnv(), ...image.env, PATH: pathWith(into) },
  };
}

/** The same for `runProcess`. */
export function oneShot(image: Image, into: string, command: readonly string[]) {
  const { cwd, env, ...how } = inImage(image, into, command);
  return { command: 'env', args: ['-C', cwd, how.command, ...how.args], env };
}

type Follow = (text: string, image: Image, builder: Builder) => Promise<void> | void;

/** The instructions the Dockerfile may have. */
const INSTRUCTIONS: Readonly<Record<string, Follow>> = {
  COPY: copy,
  RUN: run,
  async WORKDIR(text, image) {
    image.workdir = text;
    await mkdir(at(image, text), { recursive: true });
  },
  ENV(text, image) {
    for (const [, key = '', value = ''] of text.matchAll(/(\w+)=(\S*)/g))
      image.env[key] = value.startsWith('/') ? at(image, value) : value;
  },
  USER(text, image) {
    image.user = text;
  },
  // Where the image has no such folder, root makes one, and the user could not write to it.
  VOLUME: async (text, image) => void (await stat(at(image, text))),
  EXPOSE() {},
  HEALTHCHECK(text, image) {
    image.healthCheck = listIn(text);
  },
  ENTRYPOINT: (text, image) => void image.start.push(...listIn(text)),
  CMD: (text, image) => void image.start.push(...listIn(text)),
};

async function follow({ name, text }: Instruction, image: Image, builder: Builder): Promise<void> {
  const instruction = INSTRUCTIONS[name];
  if (instruction === undefined) throw new Error(`no idea how to follow ${name} ${text}`);
  await instruction(text, image, builder);
}

function listIn(text: string): string[] {
  const list: unknown = JSON.parse(text.slice(text.indexOf('[')));
  if (!Array.isArray(list)) throw new Error(`not the exec form: ${text}`);
  return list.map(String);
}

/** Where a path of the container is on this machine. */
function at(image: Image, path: string): string {
  return join(image.root, resolve('/', image.workdir, path));
}

async function copy(text: string, image: Image, { files, stages }: Builder): Promise<void> {
  const sources = text.split(/\s+/).filter((word) => !word.startsWith('--'));
  const target = sources.pop() ?? '';
  const [, from] = /--from=(\S+)/.exec(text) ?? [];
  if (from !== undefined) return copyFrom(stages.get(from), sources, at(image, target));
  const isFolder = target.endsWith('/') || sources.length > 1;
  for (const source of sources) {
    const found = files.filter((file) => file === source || file.startsWith(`${source}/`));
    if (found.length === 0) throw new Error(`COPY ${source}: nothing of it reaches the builder`);
    const to = found[0] === source && isFolder ? join(target, basename(source)) : target;
    for (const file of found) await copyOne(file, at(image, join(to, file.slice(source.length))));
  }
}

async function copyOne(file: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(join(ROOT, file), to);
}

/** A folder of an earlier stage: linked file by file, since nobody changes it any more. */
async function copyFrom(stage: Image | undefined, sources: readonly string[], to: string): Promise<void> {
  const [source] = sources;
  if (stage === undefined || source === undefined || sources.length > 1)
    throw new Error(`COPY --from: no idea how to copy ${sources.join(' ')}`);
  await mkdir(dirname(to), { recursive: true });
  await runProcess({ command: 'cp', args: ['-al', '--no-target-directory', at(stage, source), to] });
}

type Step = (words: readonly string[], image: Image, builder: Builder) => Promise<void>;

/** The commands a RUN may use, each as it is done here. */
const STEPS: Readonly<Record<string, Step>> = {
  'apt-get': installed,
  npm: install,
  mkdir: async (words, image) => {
    for (const path of pathsIn(words)) await mkdir(at(image, path), { recursive: true });
  },
  rm: async (words, image) => {
    // Below these is the base image, which is not here.
    const paths = pathsIn(words).filter((path) => !/^\/(usr|var)\//.test(path));
    for (const path of paths) await rm(at(image, path), { recursive: true, force: true });
  },
  chown: async ([owner, ...words], image) => {
    if (owner !== 'node:node') throw new Error(`no idea who ${owner} is`);
    for (const path of pathsIn(words)) if (isRoot) await chown(at(image, path), ORDINARY_UID, ORDINARY_UID);
  },
  node: (words, image, { into }) => program(['node', ...words], image, into),
  'node_modules/.bin/vite': (words, image, { into }) =>
    program(['node', 'node_modules/vite/bin/vite.js', ...words], image, into),
};

async function run(text: string, image: Image, builder: Builder): Promise<void> {
  for (const command of text.split('&&')) {
    const [name = '', ...words] = command.trim().split(/\s+/);
    const step = STEPS[name];
    if (step === undefined || /["'`;|<>]/.test(command)) throw new Error(`no idea how to RUN ${command}`);
    await step(words, image, builder);
  }
}

const pathsIn = (words: readonly string[]) => words.filter((word) => !word.startsWith('-'));

async function program(command: readonly string[], image: Image, into: string): Promise<void> {
  await runProcess({ ...oneShot(image, into, command), timeoutMs: RUN_TIMEOUT_MS });
}

/** Debian's packages stay this machine's: what the image installs must be installed here too, and so be known to its Debian. */
async function installed([action, ...words]: readonly string[]): Promise<void> {
  if (action === 'install') await runProcess({ command: 'dpkg', args: ['--status', ...pathsIn(words)] });
}

/** All dependencies are installed in this checkout, by the same command; those of the image are installed anew. */
async function install(words: readonly string[], image: Image, { into }: Builder): Promise<void> {
  if (words[0] !== 'ci') throw new Error(`no idea how to RUN npm ${words.join(' ')}`);
  const folder = at(image, '.');
  if (!words.includes('--omit=dev')) return symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const names = /^(npm_config_(registry|cache)|.*_proxy|.*_CERTS?)$/i;
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && names.test(name));
  const env = { ...plainEnv(homedir()), ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' };
  await runProcess({
    command: 'env',
    args: ['-C', folder, 'npm', ...words],
    env: { ...env, PATH: pathWith(into) },
    timeoutMs: NPM_TIMEOUT_MS,
  });
}

/** The image's Node before this machine's programs. */
function pathWith(into: string): string {
  return `${join(into, 'bin')}:${process.env.PATH ?? '/usr/bin:/bin'}`;
}
