import { createHash } from 'node:crypto';
import { md5Of16k } from '../../src/streams/usenet/names/par2.ts';

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();

/** One packet of a par2 file (Parity Volume Set Specification 2.0). */
export function par2Packet(type: string, body: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.alloc(16, 1), Buffer.from(type.padEnd(16, '\0'), 'latin1'), body]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(32 + rest.length));
  return Buffer.concat([Buffer.from('PAR2\0PKT'), length, md5(rest), rest]);
}

/** An index file: descriptions of these files between other packets. */
export function writePar2(files: readonly { name: string | Buffer; bytes: Buffer }[]): Buffer {
  const described = files.flatMap(({ name, bytes }) => {
    const text = Buffer.from(name);
    const padded = Buffer.concat([text, Buffer.alloc((4 - (text.length % 4)) % 4)]);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(bytes.length));
    const sums = Buffer.concat([md5(bytes), Buffer.from(md5Of16k(bytes), 'hex'), size]);
    const id = md5(Buffer.concat([sums.subarray(16), text]));
    return [
      par2Packet('PAR 2.0\0FileDesc', Buffer.concat([id, sums, padded])),
      par2Packet('PAR 2.0\0IFSC', Buffer.alloc(40)),
    ];
  });
  return Buffer.concat([
    par2Packet('PAR 2.0\0Main', Buffer.alloc(32)),
    ...described,
    par2Packet('PAR 2.0\0Creator', Buffer.from('test')),
  ]);
}
