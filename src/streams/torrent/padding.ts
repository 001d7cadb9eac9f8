/**
 * Whether a file only fills up a piece (BEP 47): by its attribute `p`, or by its name where older writers gave none: `.pad/123` of
 * libtorrent, `_____padding_file_0_if you see this file…` of BitComet. All of it is zeros.
 */
export function isPadding(path: string, attributes = ''): boolean {
  return attributes.includes('p') || /(^|\/)(\.pad\/|_{5}padding_file_)/.test(path);
}
