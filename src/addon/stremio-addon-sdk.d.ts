/** The SDK ships no types; only its builder is used (its router is at fault in places, see routes.ts). */
declare module 'stremio-addon-sdk/src/builder.js' {
  type Handler = (request: { type: string; id: string; extra: unknown; config: unknown }) => Promise<unknown>;
  type AddonInterface = {
    manifest: unknown;
    get(resource: string, type: string, id: string, extra: unknown, config: unknown): Promise<unknown>;
  };
  export default class AddonBuilder {
    constructor(manifest: object);
    defineResourceHandler(resource: string, handler: Handler): this;
    getInterface(): AddonInterface;
  }
}
