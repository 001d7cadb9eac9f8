import { describe, expect, it } from 'vitest';
import { qualityRank, torrentScore } from '../../src/kit/quality-rank.ts';

const NOW = new Date('2024-06-01T00:00:00Z');
const NEW = new Date('2024-01-01T00:00:00Z');
const OLD = new Date('2001-01-01T00:00:00Z');

describe('qualityRank', () => {
  it.each([
    ['1080p', 'BluRay', 48],
    ['1080p', 'blu-ray', 48],
    ['4K', 'WEB-DL', 56],
    ['2160p', 'IMAX', 60],
    ['720p', 'WEBRip', 35],
    ['480p', 'DVDRip', 22],
    ['1080p', 'HDTV', 43],
    ['1080p', 'HDRip', 44],
    ['720p', 'BRRip', 37],
    ['1080p', null, 30],
    [null, 'WEB-DL', 16],
    [null, null, 0],
    ['what', 'ever', 0],
  ])('%s %s = %i', (resolution, quality, rank) => expect(qualityRank({ resolution, quality })).toBe(rank));

  it('puts a remux above its encode, and a filmed screen last', () => {
    const rank = (quality: string) => qualityRank({ resolution: '1080p', quality });
    expect(rank('BluRay REMUX')).toBeGreaterThan(rank('BluRay'));
    expect(rank('CAM')).toBeLessThan(rank('DVDRip'));
  });
});

describe('torrentScore', () => {
  it.each([
    [{ seeders: 100, leechers: 0, resolution: '1080p', codec: 'AVC', releasedAt: NEW }, 9.3],
    [{ seeders: 20, leechers: 10, resolution: '720p', codec: 'HEVC' }, 4.38],
    [{ seeders: 0, leechers: 0, resolution: '480p', codec: 'XviD', releasedAt: OLD }, 0.77],
    [{ seeders: 500, leechers: 100, resolution: '2160p', codec: 'AV1 10bit', releasedAt: NEW }, 10],
  ])('%j → %d', (torrent, score) => expect(torrentScore(torrent, NOW)).toBe(score));

  it('gives 3D nothing for its picture, whatever its resolution', () => {
    const flat = { seeders: 0, leechers: 0, resolution: '1080p', codec: 'AVC', releasedAt: NEW };
    expect(torrentScore(flat, NOW)).toBe(4.3);
    expect(torrentScore({ ...flat, is3d: true }, NOW)).toBe(1.8);
  });

  it('counts 10-bit AVC like HEVC, wherever the depth is written', () => {
    const torrent = { seeders: 0, leechers: 0, resolution: '720p', releasedAt: NEW };
    expect(torrentScore({ ...torrent, codec: 'x264-10bit' }, NOW)).toBe(3.5);
    expect(torrentScore({ ...torrent, codec: 'AVC', bitDepth: '10bit' }, NOW)).toBe(3.5);
    expect(torrentScore({ ...torrent, codec: 'AVC' }, NOW)).toBe(3.3);
  });

  it('does not take a filmed screen for what it was scaled to', () => {
    const torrent = { seeders: 0, leechers: 0, resolution: '1080p', codec: 'AVC', releasedAt: NEW };
    expect(torrentScore({ ...torrent, quality: 'CAM' }, NOW)).toBe(2.3);
  });

  it('lowers by age: under two years 0.85, older 0.7, unknown 0.9, the future not at all', () => {
    const score = (releasedAt?: Date) =>
      torrentScore(
        { seeders: 250, leechers: 0, resolution: '2160p', codec: 'AV1', ...(releasedAt && { releasedAt }) },
        NOW,
      );
    expect(score(NEW)).toBe(10);
    expect(score(new Date('2023-01-01'))).toBe(8.5);
    expect(score(OLD)).toBe(7);
    expect(score()).toBe(9);
    expect(score(new Date('2030-01-01'))).toBe(10);
  });

  it('stays between 0 and 10 for counts that make no sense', () => {
    for (const seeders of [-5, Number.NaN, Number.POSITIVE_INFINITY, 1e12, 0.5]) {
      const score = torrentScore({ seeders, leechers: -1 }, NOW);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(10);
    }
  });
});
