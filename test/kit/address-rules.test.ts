import { describe, expect, test } from 'vitest';

import { isPublicAddress, isStreamingPort, parseAllowList } from '../../src/platform/address-rules.ts';

describe('which addresses are public', () => {
  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd12::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001::1',
    '2001:10::1',
    '2001:20::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    '',
    'films.example.org',
    '127.1',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

test('ports of databases, shells and mail are no ports of streams', () => {
  for (const port of [21, 80, 119, 443, 563, 990, 1024, 8080, 8443, 50_001, 65_535])
    expect(isStreamingPort(port), `${port}`).toBe(true);
  for (const port of [
    0, 22, 23, 25, 53, 111, 135, 139, 445, 587, 1023, 2375, 3306, 5432, 6379, 9200, 11_211, 27_017, 65_536,
  ])
    expect(isStreamingPort(port), `${port}`).toBe(false);
});

test('an allow list holds networks, addresses and names', () => {
  const list = parseAllowList(['10.0.0.0/8', 'fd00::/8', '192.168.1.5', 'NAS.local']);
  expect(list.hasAddress('10.9.9.9') && list.hasAddress('fd12::1') && list.hasAddress('192.168.1.5')).toBe(
    true,
  );
  expect(list.hasAddress('::ffff:10.0.0.1')).toBe(true);
  expect(list.hasAddress('192.168.1.6') || list.hasAddress('fe80::1') || list.hasAddress('nas.local')).toBe(
    false,
  );
  expect(list.hasHost('nas.local')).toBe(true);
});
