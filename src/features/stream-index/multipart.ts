import busboy from 'busboy';
import type { Request, RequestHandler } from 'express';
import { AppError, BadInput } from '../../kit/errors.ts';

/** criterion 24: a `.torrent` is no larger; criterion 35: nor an NZB. */
const MAX_TORRENT_BYTES = 10 * 1024 * 1024;
const MAX_NZB_BYTES = 150 * 1024 * 1024;
const MAX_FIELDS = 30;
const MAX_FIELD_BYTES = 64 * 1024;

/**
 * A form (multipart/form-data, RFC 7578) as the JSON body it stands for: each field under its name, the part `file`
 * (a .torrent) as `torrent` in base64, or (an .nzb, gzipped or not) as the bytes of `nzb` and its name as `nzbName`. Fields that look like JSON (numbers, true, lists, objects) are read as JSON.
 */
export const acceptUpload: RequestHandler = async (req, _res, next) => {
  if (req.is('multipart/form-data')) req.body = await readForm(req);
  next();
};

function readForm(req: Request): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
  const body: Record<string, unknown> = {};
  const limits = {
    files: 1,
    fileSize: MAX_NZB_BYTES,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    parts: MAX_FIELDS + 1,
  };
  const parser = openParser(req, limits);
  const fail = (error: unknown) => {
    req.unpipe(parser);
    req.resume();
    reject(error);
  };
  parser.on('field', (name, value, { valueTruncated, nameTruncated }) => {
    if (valueTruncated || nameTruncated) fail(tooLarge('A field of the form'));
    else body[name] = fieldValue(value);
  });
  parser.on('file', (name, stream, { filename = '' }) => {
    const isNzb = /\.nzb(\.gz)?$/i.test(filename);
    const chunks: Buffer[] = [];
    let room = isNzb ? MAX_NZB_BYTES : MAX_TORRENT_BYTES;
    stream.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      if (room >= 0) chunks.push(chunk);
      else fail(tooLarge('The file'));
    });
    // A form that is cut fails here too; an error event nobody hears would end the process.
    stream.on('error', (cause) => fail(badForm('The form ends in the middle.', cause)));
    stream.on('limit', () => fail(tooLarge('The file')));
    stream.on('close', () => {
      if (name !== 'file') return fail(badForm('The file must be in the part named "file".'));
      if (isNzb) Object.assign(body, { nzb: Buffer.concat(chunks), nzbName: filename });
      else body.torrent = Buffer.concat(chunks).toString('base64');
    });
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    parser.on(limit, () => fail(tooLarge('The form')));
  parser.on('error', (cause) => fail(badForm('The form cannot be read.', cause)));
  parser.on('close', () => resolve(body));
  req.once('aborted', () => fail(badForm('The upload was cut.')));
  req.pipe(parser);
  return promise;
}

function openParser(req: Request, limits: busboy.Limits): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits, defParamCharset: 'utf8' });
  } catch (cause) {
    throw badForm('The form has no boundary.', cause);
  }
}

function fieldValue(text: string): unknown {
  if (!/^(true|false|null|-?\d+(\.\d+)?|[[{][\s\S]*[\]}])$/.test(text.trim())) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function badForm(message: string, cause?: unknown): BadInput {
  const error = new BadInput(
    'request.bad_form',
    `${message} Send multipart/form-data with a part "file", or JSON.`,
  );
  error.cause = cause;
  return error;
}

function tooLarge(what: string): AppError {
  return new AppError(
    'request.too_large',
    `${what} is too large: a .torrent may have 10 MiB, an NZB 150 MiB, a field 64 KiB.`,
    { status: 413 },
  );
}
