// The hot loops, as a table of functions. kernels.cpp is compiled once per instruction set and exports one table from
// each; dispatch.hpp chooses. Loops know no threads, allocate nothing and throw nothing. C headers only.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fastperturb {

// The address of one 64-byte ChaCha20 block: the counter and the nonce of RFC 8439, as words.
struct BlockAddress {
  uint32_t counter;
  uint32_t nonce[3];
};

struct Kernels {
  const char* name;

  // Writes the ChaCha20 blocks at `addresses` to out[0 .. 64 * count), in order, bytes as RFC 8439 orders them.
  // No alignment needed; out must not overlap the inputs.
  void (*chacha20)(const uint32_t key[8], const BlockAddress* addresses, size_t count, uint8_t* out);

  // Multiply step of Lemire's bounded draw (2019, "Fast random integer generation in an interval"), for consecutive
  // falling bounds: draws[i] = words[i] * (bound - i) >> bits of a word, for i < count <= bound. Where the low half of
  // the product is under its bound the draw may be biased: its highest bit is set to say so, and true is returned if
  // there is one. Words are little-endian bytes at any alignment. draw16 needs bound <= 65535, draw32 bound < 2^31.
  bool (*draw16)(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws);
  bool (*draw32)(const uint8_t* words, uint32_t bound, size_t count, uint32_t* draws);
};

}  // namespace fastperturb
