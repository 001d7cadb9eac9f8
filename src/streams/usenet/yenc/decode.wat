;; The inner loops of yEnc: what comes over NNTP → the bytes of a part, and their CRC-32. `node scripts/build-yenc.ts` makes
;; decode.wasm of it; decode-plain.ts says the same in TypeScript for machines without SIMD.
;;
;; Memory (ten pages, never more):
;;   0x00000  two words that `decode` answers with: the state, where its output ends
;;   0x01000  256 × 8 bytes: which of eight bytes stay, for each mask of those that go (first half of a vector)
;;   0x01800  the same for the second half
;;   0x10000  input, 256 KiB: sockets read into it
;;   0x50000  8 KiB of zeros: what `crc` finds before the first byte
;;   0x52000  output: at most as long as the input, 8 bytes to choose its alignment, 16 that a vector may write too many
;;
;; States between two bytes:
;;   0 in a line          3 behind CRLF        6 behind CRLF, dot, CR
;;   1 behind `=`         4 behind a bare LF   7 behind a line's first `=`
;;   2 behind CR          5 behind CRLF, dot
;;   8 behind a line's first `=y`, 9 behind the line with the dot: there `decode` stops.
(module
  (memory (export "memory") 10 10)

  ;; Fills both tables: entry `mask` names, in order, the bytes whose bit is not set.
  (func $tables
    (local $mask i32) (local $bit i32) (local $at i32)
    (loop $masks
      (local.set $at (i32.add (i32.const 0x1000) (i32.shl (local.get $mask) (i32.const 3))))
      (local.set $bit (i32.const 0))
      (loop $bits
        (if (i32.eqz (i32.and (i32.shr_u (local.get $mask) (local.get $bit)) (i32.const 1)))
          (then
            (i32.store8 (local.get $at) (local.get $bit))
            (i32.store8 offset=0x800 (local.get $at) (i32.add (local.get $bit) (i32.const 8)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))))
        (br_if $bits (i32.lt_u (local.tee $bit (i32.add (local.get $bit) (i32.const 1))) (i32.const 8))))
      (br_if $masks (i32.lt_u (local.tee $mask (i32.add (local.get $mask) (i32.const 1))) (i32.const 256)))))
  (start $tables)

  ;; Decodes from `at` to `to` into `out`; answers where it stopped.
  (func (export "decode") (param $at i32) (param $to i32) (param $out i32) (param $state i32) (result i32)
    (local $begun i32) (local $limit i32) (local $byte i32) (local $mask i32)
    (local $v v128) (local $equals v128) (local $lf v128)
    (local $wasEquals v128) (local $wasLf v128) (local $escaped v128)
    (block $stop
      (loop $again
        ;; Sixteen bytes at once, as long as a line's first byte is neither a dot nor `=`, and no `=` is itself escaped. The
        ;; states 0–4 are all that such bytes leave behind.
        (if (i32.le_u (local.get $state) (i32.const 4))
          (then
            (local.set $begun (local.get $at))
            (local.set $wasEquals (i8x16.splat (i32.sub (i32.const 0) (i32.eq (local.get $state) (i32.const 1)))))
            (local.set $wasLf (i8x16.splat (i32.sub (i32.const 0) (i32.ge_u (local.get $state) (i32.const 3)))))
            (block $slow
              (loop $fast
                (br_if $slow (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $to)))
                (local.set $v (v128.load (local.get $at)))
                (local.set $equals (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x3d))))
                (local.set $lf (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x0a))))
                ;; Each lane asks of the byte before it: the last lane of the vector before, then this one's.
                (local.set $escaped
                  (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                    (local.get $wasEquals) (local.get $equals)))
                (br_if $slow
                  (v128.any_true
                    (v128.or
                      (v128.and (local.get $escaped) (local.get $equals))
                      (v128.and
                        (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                          (local.get $wasLf) (local.get $lf))
                        (v128.or
                          (local.get $equals)
                          (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x2e))))))))
                (local.set $mask
                  (i8x16.bitmask
                    (v128.or
                      (v128.or (local.get $equals) (local.get $lf))
                      (i8x16.eq (local.get $v) (i8x16.splat (i32.const 0x0d))))))
                ;; Minus 42, and 64 more where the byte is escaped.
                (local.set $v
                  (i8x16.sub
                    (i8x16.sub (local.get $v) (i8x16.splat (i32.const 42)))
                    (v128.and (local.get $escaped) (i8x16.splat (i32.const 64)))))
                (local.set $wasEquals (local.get $equals))
                (local.set $wasLf (local.get $lf))
                ;; What stays of each half moves together; no branch, for one vector of three has something to drop.
                (v128.store (local.get $out)
                  (i8x16.swizzle (local.get $v)
                    (v128.load64_zero offset=0x1000
                      (i32.shl (i32.and (local.get $mask) (i32.const 0xff)) (i32.const 3)))))
                (local.set $out
                  (i32.sub (i32.add (local.get $out) (i32.const 8))
                    (i32.popcnt (i32.and (local.get $mask) (i32.const 0xff)))))
                (v128.store (local.get $out)
                  (i8x16.swizzle (local.get $v)
                    (v128.load64_zero offset=0x1800
                      (i32.shl (i32.shr_u (local.get $mask) (i32.const 8)) (i32.const 3)))))
                (local.set $out
                  (i32.sub (i32.add (local.get $out) (i32.const 8))
                    (i32.popcnt (i32.shr_u (local.get $mask) (i32.const 8)))))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br $fast)))
            (if (i32.ne (local.get $at) (local.get $begun))
              (then
                (local.set $state
                  (call $behind
                    (i32.load8_u (i32.sub (local.get $at) (i32.const 2)))
                    (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))))))))

        ;; One by one through what was not as simple, then again as above.
        (local.set $limit (i32.add (local.get $at) (i32.const 16)))
        (if (i32.gt_u (local.get $limit) (local.get $to)) (then (local.set $limit (local.get $to))))
        (block $through
          (loop $bytes
            (br_if $through (i32.ge_u (local.get $at) (local.get $limit)))
            (local.set $byte (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (if (i32.eq (local.get $state) (i32.const 6))
              (then
                (local.set $state (i32.const 9))
                (br_if $stop (i32.eq (local.get $byte) (i32.const 0x0a)))
                (local.set $state (i32.const 2))))
            (if (i32.eq (local.get $byte) (i32.const 0x0d))
              (then
                (local.set $state
                  (select (i32.const 6) (i32.const 2) (i32.eq (local.get $state) (i32.const 5))))
                (br $bytes)))
            (if (i32.eq (local.get $byte) (i32.const 0x0a))
              (then
                (local.set $state
                  (select (i32.const 3) (i32.const 4) (i32.eq (local.get $state) (i32.const 2))))
                (br $bytes)))
            (if (i32.eq (local.get $state) (i32.const 7))
              (then
                (local.set $state (i32.const 8))
                (br_if $stop (i32.eq (local.get $byte) (i32.const 0x79)))
                (local.set $state (i32.const 1))))
            (if (i32.eq (local.get $state) (i32.const 1))
              (then
                (i32.store8 (local.get $out) (i32.sub (local.get $byte) (i32.const 106)))
                (local.set $out (i32.add (local.get $out) (i32.const 1)))
                (local.set $state (i32.const 0))
                (br $bytes)))
            (if (i32.eq (local.get $byte) (i32.const 0x3d))
              (then
                ;; A line's first byte behind CRLF, a bare LF, or the dot that was put before it.
                (local.set $state
                  (select (i32.const 7) (i32.const 1) (i32.ge_u (local.get $state) (i32.const 3))))
                (br $bytes)))
            (if (i32.and
                  (i32.eq (local.get $byte) (i32.const 0x2e))
                  (i32.eq (local.get $state) (i32.const 3)))
              (then
                (local.set $state (i32.const 5))
                (br $bytes)))
            (i32.store8 (local.get $out) (i32.sub (local.get $byte) (i32.const 42)))
            (local.set $out (i32.add (local.get $out) (i32.const 1)))
            (local.set $state (i32.const 0))
            (br $bytes)))
        (br_if $again (i32.lt_u (local.get $at) (local.get $to)))))
    (i32.store (i32.const 0) (local.get $state))
    (i32.store (i32.const 4) (local.get $out))
    (local.get $at))

  ;; The state behind two bytes that the fast loop took: it never takes an `=` that is escaped or a line's first.
  (func $behind (param $before i32) (param $last i32) (result i32)
    (if (i32.eq (local.get $last) (i32.const 0x0a))
      (then
        (return (select (i32.const 3) (i32.const 4) (i32.eq (local.get $before) (i32.const 0x0d))))))
    (if (i32.eq (local.get $last) (i32.const 0x0d)) (then (return (i32.const 2))))
    (i32.eq (local.get $last) (i32.const 0x3d)))

  ;; Shortens the bytes from `from` to `to` (longer than 4018 + 64, whole vectors not needed) in place to the last 4018 to 4082 that have
  ;; the same CRC-32; answers where those begin. `register` is the CRC's register before the first byte.
  ;;
  ;; With y = x⁸ the polynomial of CRC-32 divides y⁴⁰¹⁸ + y²⁰⁹¹ + y¹⁸³⁷ + 1: a byte may be taken out of a message when it is added
  ;; (exclusive or) to the bytes 1927, 2181 and 4018 behind it. So each byte gets those that far before it, which is three loads
  ;; for sixteen bytes and no table.
  (func (export "crc") (param $from i32) (param $to i32) (param $register i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at (local.get $from))
    (local.set $end (i32.sub (local.get $to) (i32.const 4082)))
    ;; Output may begin up to 8 bytes later than last time.
    (i64.store (i32.sub (local.get $from) (i32.const 8)) (i64.const 0))
    (i32.store (local.get $from) (i32.xor (i32.load (local.get $from)) (local.get $register)))
    (loop $fold
      (call $fold16 (local.get $at))
      (call $fold16 (i32.add (local.get $at) (i32.const 16)))
      (call $fold16 (i32.add (local.get $at) (i32.const 32)))
      (call $fold16 (i32.add (local.get $at) (i32.const 48)))
      (br_if $fold
        (i32.le_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
    (call $carry (local.get $at) (i32.const 1927))
    (call $carry (local.get $at) (i32.const 2181))
    (call $carry (local.get $at) (i32.const 4018))
    (local.get $at))

  (func $fold16 (param $at i32)
    (v128.store (local.get $at)
      (v128.xor
        (v128.xor
          (v128.load (local.get $at))
          (v128.load (i32.sub (local.get $at) (i32.const 1927))))
        (v128.xor
          (v128.load (i32.sub (local.get $at) (i32.const 2181)))
          (v128.load (i32.sub (local.get $at) (i32.const 4018)))))))

  ;; Adds the last `distance` bytes before `at` to those from `at` on.
  (func $carry (param $at i32) (param $distance i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $distance)))
    (loop $vectors
      (v128.store (local.get $at)
        (v128.xor
          (v128.load (local.get $at))
          (v128.load (i32.sub (local.get $at) (local.get $distance)))))
      (br_if $vectors
        (i32.le_u
          (i32.add (local.tee $at (i32.add (local.get $at) (i32.const 16))) (i32.const 16))
          (local.get $end))))
    (loop $bytes
      (i32.store8 (local.get $at)
        (i32.xor
          (i32.load8_u (local.get $at))
          (i32.load8_u (i32.sub (local.get $at) (local.get $distance)))))
      (br_if $bytes
        (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))))
