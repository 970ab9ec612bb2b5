// Lots for places of equal luminance, from a keystream of their own.
#pragma once

#include <cstdint>
#include <utility>

#include "keystream.hpp"

namespace fastperturb {

// The 32-bit words of the ChaCha20 blocks 0, 1, ... with the nonce words 0, 0, 1, in order. (Windows have 0 in the last
// of them.)
class TieWords {
 public:
  explicit TieWords(const Key& key) : key_(key) {}

  // Uniform on [0, range), range at least 1: the high half of word * range; words whose low half is under
  // 2^32 mod range are passed over (Lemire 2019).
  std::uint32_t below(std::uint32_t range) {
    std::uint64_t product = std::uint64_t{next()} * range;
    if (static_cast<std::uint32_t>(product) < range) {
      const std::uint32_t biased = (0U - range) % range;
      while (static_cast<std::uint32_t>(product) < biased) product = std::uint64_t{next()} * range;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  std::uint32_t next() {
    if (used_ == words_at_once) refill();
    return words_[used_++];
  }
  void refill();

  static constexpr std::uint32_t blocks_at_once = 64;
  static constexpr std::uint32_t words_at_once = blocks_at_once * block_bytes / 4;
  const Key& key_;
  std::uint32_t block_ = 0;
  std::uint32_t used_ = words_at_once;
  BlockAddress addresses_[blocks_at_once];
  std::uint32_t words_[words_at_once];
};

// Puts each run of items with equal upper halves into random order, a Fisher-Yates shuffle of one run after the other.
inline void shuffle_ties(std::uint64_t* items, std::uint32_t count, TieWords& words) {
  for (std::uint32_t start = 0; start + 1 < count;) {
    std::uint32_t end = start + 1;
    while (end < count && items[end] >> 32 == items[start] >> 32) ++end;
    for (std::uint32_t i = start; i + 1 < end; ++i) std::swap(items[i], items[i + words.below(end - i)]);
    start = end;
  }
}

}  // namespace fastperturb
