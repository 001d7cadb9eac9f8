import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { get } from './traffic.ts';

/** JSON Schema as far as the document of the API uses it (OpenAPI 3.1, 2020-12). */
export type Schema = {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: readonly unknown[];
  const?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  minItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  $ref?: string;
};
export type Operation = {
  method: string;
  /** As the document says it: `/api/profiles/{id}`. */
  path: string;
  /** Names of the parts of the path, in order. */
  params: readonly string[];
  query: readonly string[];
  body: Schema | null;
  /** Schemes that open it; `open`: nothing is asked for. */
  ways: ReadonlySet<string>;
};

const SchemaOf = z.custom<Schema>((value) => typeof value === 'object' && value !== null);
const Described = z.object({
  security: z.array(z.record(z.string(), z.unknown())).default([{}]),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z
    .object({ content: z.object({ 'application/json': z.object({ schema: SchemaOf }) }) })
    .optional(),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Described)),
  components: z.object({ schemas: z.record(z.string(), SchemaOf).default({}) }).optional(),
});

/** Every operation of the API by its own description, with what it takes. */
export async function apiOperations(baseUrl: string): Promise<Operation[]> {
  const { paths, components } = Document.parse(await (await get(`${baseUrl}/api/openapi.json`)).json());
  const schemas = components?.schemas ?? {};
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters, requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      params: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
      query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
      body:
        requestBody === undefined ? null : inlined(requestBody.content['application/json'].schema, schemas),
      ways: new Set(security.flatMap((way) => (Object.keys(way).length === 0 ? ['open'] : Object.keys(way)))),
    })),
  );
}

function inlined(schema: Schema, schemas: Record<string, Schema>): Schema {
  const whole: Schema = JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const reference = z.object({ $ref: z.string() }).safeParse(value);
    return reference.success ? (schemas[reference.data.$ref.split('/').at(-1) ?? ''] ?? {}) : value;
  });
  return whole;
}

const branchesOf = ({ anyOf = [], oneOf = [], allOf = [] }: Schema) => [...anyOf, ...oneOf, ...allOf];
const isText = (schema: Schema) =>
  schema.type === 'string' && schema.enum === undefined && schema.const === undefined;

/** Places of all strings that somebody may fill in: `['seasons', '0', 'title']`. */
export function textPlaces(schema: Schema, place: readonly string[] = []): string[][] {
  if (place.length > 6) return [];
  const found = [
    ...(isText(schema) ? [[...place]] : []),
    ...branchesOf(schema).flatMap((branch) => textPlaces(branch, place)),
    ...(schema.items === undefined ? [] : textPlaces(schema.items, [...place, '0'])),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      textPlaces(inner, [...place, name]),
    ),
  ];
  return [...new Map(found.map((one) => [one.join('.'), one])).values()];
}

/** Names of all fields, those of inner objects too. */
export function fieldNames(schema: Schema): Set<string> {
  const inner = [...branchesOf(schema), ...(schema.items === undefined ? [] : [schema.items])];
  const named = Object.entries(schema.properties ?? {});
  return new Set([
    ...named.map(([name]) => name),
    ...[...inner, ...named.map(([, one]) => one)].flatMap((one) => [...fieldNames(one)]),
  ]);
}

/** What a field of that name is given; undefined: by its type. */
export type Known = (name: string) => unknown;
type Wish = { known: Known; place: readonly string[]; name: string };

/** Tried in turn where a text must look like something. */
const LOOKS = [
  'a name',
  'name',
  'US',
  'en',
  'S1E1',
  '1234',
  '123456',
  '12:00',
  '2001-02-03',
  'tt0133093',
  'movie',
  '#aabbcc',
];

/** A body that is valid as far as its schema says: required fields, and those on the way to `place`. */
export function sampleOf(schema: Schema, known: Known, place: readonly string[] = [], name = ''): unknown {
  const given = known(name);
  if (given !== undefined && place.length === 0) return given;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const branches = branchesOf(schema);
  if (schema.allOf !== undefined && schema.allOf.length > 0)
    return Object.assign({}, ...branches.map((branch) => sampleOf(branch, known, place, name)));
  if (branches.length > 0) {
    const fitting = branches.find((branch) => hasPlace(branch, place)) ?? branches[0] ?? {};
    return sampleOf(fitting, known, place, name);
  }
  return plainSample(schema, { known, place, name });
}

function plainSample(schema: Schema, { known, place, name }: Wish): unknown {
  const [next, ...rest] = place;
  switch (schema.type) {
    case 'object': {
      const wanted = new Set([...(schema.required ?? []), ...(next === undefined ? [] : [next])]);
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([field]) => wanted.has(field))
          .map(([field, inner]) => [field, sampleOf(inner, known, field === next ? rest : [], field)]),
      );
    }
    case 'array': {
      const count = Math.max(schema.minItems ?? 0, next === undefined ? 0 : 1);
      return Array.from({ length: count }, () => sampleOf(schema.items ?? {}, known, rest, name));
    }
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return textSample(schema);
  }
}

function textSample({ format, pattern, minLength = 0 }: Schema): string {
  if (format === 'uuid') return randomUUID();
  if (format === 'date-time') return '2020-01-01T00:00:00Z';
  if (format === 'uri') return 'http://127.0.0.1:9/film.mkv';
  if (format === 'email') return `${randomUUID()}@example.org`;
  const fits = (text: string) => pattern === undefined || new RegExp(pattern, 'u').test(text);
  return (LOOKS.find(fits) ?? 'a name').padEnd(minLength, 'x');
}

function hasPlace(schema: Schema, [next, ...rest]: readonly string[]): boolean {
  if (next === undefined) return schema.type !== 'null';
  const inner = next === '0' ? schema.items : schema.properties?.[next];
  if (inner !== undefined && hasPlace(inner, rest)) return true;
  return branchesOf(schema).some((branch) => hasPlace(branch, [next, ...rest]));
}

/** The body with `value` at `place`. */
export function withAt(body: unknown, [next, ...rest]: readonly string[], value: unknown): unknown {
  if (next === undefined) return value;
  if (Array.isArray(body)) return [withAt(body[0], rest, value), ...body.slice(1)];
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  return { ...fields, [next]: withAt(fields[next], rest, value) };
}

/** The path with values in its places. */
export function filled(path: string, valueAt: (param: string) => string): string {
  return path.replace(/\{(\w+)\}/g, (_all, param: string) => encodeURIComponent(valueAt(param)));
}
