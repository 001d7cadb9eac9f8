;; The inner loops of yEnc: what comes over NNTP → the bytes of a part, and their CRC-32. `node scripts/build-yenc.ts` makes
;; decode.wasm of it; decode-plain.ts says the same in TypeScript for machines without SIMD.
;;
;; Memory of its own (ten pages, never more), the same for all instances:
;;   0x00000  two words that `decode` answers with: the state, where its output ends
;;   0x01000  256 × 8 bytes: which of eight bytes stay, for each mask of those that go (first half of a vector)
;;   0x01800  the same for the second half
;;   0x10000  input, 256 KiB: sockets read into it
;;   0x50000  8 KiB of zeros: what `crc` finds before the first byte
;;   0x52000  what `crc` folds: as long as the input at most
;; Output goes to another memory, which each instance has its own of: a copy from here to there was an eighth of the thread's time. A
;; vector may write 8 bytes too many.
;;
;; States between two bytes:
;;   0 in a line          3 behind CRLF        6 behind CRLF, dot, CR
;;   1 behind `=`         4 behind a bare LF   7 behind a line's first `=`
;;   2 behind CR          5 behind CRLF, dot
;;   8 behind a line's first `=y`, 9 behind the line with the dot: there `decode` stops.
(module
  (import "decoder" "memory" (memory $own 10 10))
  (import "decoder" "place" (memory $place 1 65536 shared))

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
    (local $begun i32) (local $limit i32) (local $byte i32)
    (local $a v128) (local $aEquals v128) (local $aLf v128) (local $aEscaped v128) (local $aMask i32)
    (local $b v128) (local $bEquals v128) (local $bLf v128) (local $bEscaped v128) (local $bMask i32)
    (local $wasEquals v128) (local $wasLf v128) (local $page i32) (local $pages i32)
    ;; A film goes through more pages than a core keeps the addresses of (8 MiB of them), and to find one takes as long as to fill it,
    ;; more so in a virtual machine. Asked for before they are written to, they are found side by side: 0.38 s a GB instead of 0.45.
    (local.set $page (local.get $out))
    (local.set $pages (i32.add (local.get $out) (i32.sub (local.get $to) (local.get $at))))
    (loop $touch
      (if (i32.lt_u (local.get $page) (local.get $pages))
        (then
          (drop (i32.load8_u $place (local.get $page)))
          (local.set $page (i32.add (local.get $page) (i32.const 4096)))
          (br $touch))))
    (block $stop
      (loop $again
        ;; 32 bytes at once (a and b), as long as no line among them begins with a dot or `=`, and no `=` is itself escaped: with
        ;; random bytes, 49 lines of 50. The states 0–4 are all that such bytes leave behind.
        (if (i32.le_u (local.get $state) (i32.const 4))
          (then
            (local.set $begun (local.get $at))
            (local.set $wasEquals (i8x16.splat (i32.sub (i32.const 0) (i32.eq (local.get $state) (i32.const 1)))))
            (local.set $wasLf (i8x16.splat (i32.sub (i32.const 0) (i32.ge_u (local.get $state) (i32.const 3)))))
            (block $slow
              (loop $fast
                (br_if $slow (i32.gt_u (i32.add (local.get $at) (i32.const 32)) (local.get $to)))
                (local.set $a (v128.load (local.get $at)))
                (local.set $b (v128.load offset=16 (local.get $at)))
                (local.set $aEquals (i8x16.eq (local.get $a) (i8x16.splat (i32.const 0x3d))))
                (local.set $bEquals (i8x16.eq (local.get $b) (i8x16.splat (i32.const 0x3d))))
                (local.set $aLf (i8x16.eq (local.get $a) (i8x16.splat (i32.const 0x0a))))
                (local.set $bLf (i8x16.eq (local.get $b) (i8x16.splat (i32.const 0x0a))))
                ;; Each lane asks of the byte before it: the last lane of the vector before, then all but the last of this one.
                (local.set $aEscaped
                  (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                    (local.get $wasEquals) (local.get $aEquals)))
                (local.set $bEscaped
                  (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                    (local.get $aEquals) (local.get $bEquals)))
                (br_if $slow
                  (v128.any_true
                    (v128.or
                      (v128.or
                        (v128.and (local.get $aEscaped) (local.get $aEquals))
                        (v128.and
                          (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                            (local.get $wasLf) (local.get $aLf))
                          (v128.or
                            (local.get $aEquals)
                            (i8x16.eq (local.get $a) (i8x16.splat (i32.const 0x2e))))))
                      (v128.or
                        (v128.and (local.get $bEscaped) (local.get $bEquals))
                        (v128.and
                          (i8x16.shuffle 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30
                            (local.get $aLf) (local.get $bLf))
                          (v128.or
                            (local.get $bEquals)
                            (i8x16.eq (local.get $b) (i8x16.splat (i32.const 0x2e)))))))))
                ;; What goes: `=`, LF, CR.
                (local.set $aMask
                  (i8x16.bitmask
                    (v128.or
                      (v128.or (local.get $aEquals) (local.get $aLf))
                      (i8x16.eq (local.get $a) (i8x16.splat (i32.const 0x0d))))))
                (local.set $bMask
                  (i8x16.bitmask
                    (v128.or
                      (v128.or (local.get $bEquals) (local.get $bLf))
                      (i8x16.eq (local.get $b) (i8x16.splat (i32.const 0x0d))))))
                ;; What stays: minus 42, and 64 more where it is escaped.
                (local.set $a
                  (i8x16.sub
                    (i8x16.sub (local.get $a) (i8x16.splat (i32.const 42)))
                    (v128.and (local.get $aEscaped) (i8x16.splat (i32.const 64)))))
                (local.set $b
                  (i8x16.sub
                    (i8x16.sub (local.get $b) (i8x16.splat (i32.const 42)))
                    (v128.and (local.get $bEscaped) (i8x16.splat (i32.const 64)))))
                (local.set $wasEquals (local.get $bEquals))
                (local.set $wasLf (local.get $bLf))
                ;; Each half's bytes that stay move together, the next half is stored behind them. No branch for vectors with
                ;; nothing to drop: two of three are, and to guess which costs more than it saves (2.9 GB/s instead of 5.2).
                (v128.store $place (local.get $out)
                  (i8x16.swizzle (local.get $a)
                    (v128.load64_zero offset=0x1000
                      (i32.shl (i32.and (local.get $aMask) (i32.const 0xff)) (i32.const 3)))))
                (v128.store $place
                  (i32.sub (i32.add (local.get $out) (i32.const 8)) (i32.popcnt (i32.and (local.get $aMask) (i32.const 0xff))))
                  (i8x16.swizzle (local.get $a)
                    (v128.load64_zero offset=0x1800
                      (i32.shl (i32.shr_u (local.get $aMask) (i32.const 8)) (i32.const 3)))))
                (local.set $out
                  (i32.sub (i32.add (local.get $out) (i32.const 16)) (i32.popcnt (local.get $aMask))))
                (v128.store $place (local.get $out)
                  (i8x16.swizzle (local.get $b)
                    (v128.load64_zero offset=0x1000
                      (i32.shl (i32.and (local.get $bMask) (i32.const 0xff)) (i32.const 3)))))
                (v128.store $place
                  (i32.sub (i32.add (local.get $out) (i32.const 8)) (i32.popcnt (i32.and (local.get $bMask) (i32.const 0xff))))
                  (i8x16.swizzle (local.get $b)
                    (v128.load64_zero offset=0x1800
                      (i32.shl (i32.shr_u (local.get $bMask) (i32.const 8)) (i32.const 3)))))
                (local.set $out
                  (i32.sub (i32.add (local.get $out) (i32.const 16)) (i32.popcnt (local.get $bMask))))
                (local.set $at (i32.add (local.get $at) (i32.const 32)))
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
                (i32.store8 $place (local.get $out) (i32.sub (local.get $byte) (i32.const 106)))
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
            (i32.store8 $place (local.get $out) (i32.sub (local.get $byte) (i32.const 42)))
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

  ;; Makes of the output from `from` to `to` (longer than 4018 + 80, whole vectors not needed) 4018 to 4082 bytes that have the same
  ;; CRC-32; answers where those begin: they end at 0x52000 and the length. `register` is the CRC's register before the first byte.
  ;;
  ;; With y = x⁸ the polynomial of CRC-32 divides y⁴⁰¹⁸ + y²⁰⁹¹ + y¹⁸³⁷ + 1: a byte may be taken out of a message when it is added
  ;; (exclusive or) to the bytes 1927, 2181 and 4018 behind it. So each byte gets those that far before it, which is three loads
  ;; for sixteen bytes and no table.
  (func (export "crc") (param $from i32) (param $to i32) (param $register i32) (result i32)
    (local $at i32) (local $folded i32) (local $end i32)
    (local.set $end (i32.sub (local.get $to) (i32.const 4082)))
    ;; The register is part of the first four bytes, and before them is nothing.
    (v128.store (i32.const 0x52000)
      (v128.xor
        (v128.load $place (local.get $from))
        (i32x4.replace_lane 0 (v128.const i32x4 0 0 0 0) (local.get $register))))
    (local.set $at (i32.add (local.get $from) (i32.const 16)))
    (local.set $folded (i32.const 0x52010))
    (loop $fold
      ;; Four vectors a turn, written out: as a function of its own each would cost twice as much again.
      (v128.store (local.get $folded)
        (v128.xor
          (v128.xor
            (v128.load $place (local.get $at))
            (v128.load (i32.sub (local.get $folded) (i32.const 1927))))
          (v128.xor
            (v128.load (i32.sub (local.get $folded) (i32.const 2181)))
            (v128.load (i32.sub (local.get $folded) (i32.const 4018))))))
      (v128.store offset=16 (local.get $folded)
        (v128.xor
          (v128.xor
            (v128.load $place offset=16 (local.get $at))
            (v128.load offset=16 (i32.sub (local.get $folded) (i32.const 1927))))
          (v128.xor
            (v128.load offset=16 (i32.sub (local.get $folded) (i32.const 2181)))
            (v128.load offset=16 (i32.sub (local.get $folded) (i32.const 4018))))))
      (v128.store offset=32 (local.get $folded)
        (v128.xor
          (v128.xor
            (v128.load $place offset=32 (local.get $at))
            (v128.load offset=32 (i32.sub (local.get $folded) (i32.const 1927))))
          (v128.xor
            (v128.load offset=32 (i32.sub (local.get $folded) (i32.const 2181)))
            (v128.load offset=32 (i32.sub (local.get $folded) (i32.const 4018))))))
      (v128.store offset=48 (local.get $folded)
        (v128.xor
          (v128.xor
            (v128.load $place offset=48 (local.get $at))
            (v128.load offset=48 (i32.sub (local.get $folded) (i32.const 1927))))
          (v128.xor
            (v128.load offset=48 (i32.sub (local.get $folded) (i32.const 2181)))
            (v128.load offset=48 (i32.sub (local.get $folded) (i32.const 4018))))))
      (local.set $folded (i32.add (local.get $folded) (i32.const 64)))
      (br_if $fold
        (i32.le_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
    (memory.copy $own $place (local.get $folded) (local.get $at) (i32.sub (local.get $to) (local.get $at)))
    (call $carry (local.get $folded) (i32.const 1927))
    (call $carry (local.get $folded) (i32.const 2181))
    (call $carry (local.get $folded) (i32.const 4018))
    (local.get $folded))

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
