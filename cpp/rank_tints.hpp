// Keeps like colours together: ranks by luminance are re-arranged by tint, in blocks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "keystream.hpp"
#include "ranks.hpp"

namespace fastperturb {

// Where part number `part` of `parts` parts of equal count begins.
inline std::uint32_t cut(std::uint32_t count, std::uint32_t part, std::uint32_t parts) {
  return static_cast<std::uint32_t>(std::uint64_t{count} * part / parts);
}

// Cuts items, in order of rank, into colour_blocks of equal count, each block in order of its tint (equal ones in order
// of rank) into tint_parts, and puts each part back into order of rank. A part is known by where its tints begin and
// end, so blocks are not sorted: tints are counted in buckets, and only buckets with a cut inside are put in order.
class TintParts {
 public:
  // For up to so many items at a time.
  explicit TintParts(std::uint32_t most)
      : tints_(unwritten<std::uint32_t>(most / colour_blocks + 1)),
        parts_(unwritten<std::uint8_t>(most / colour_blocks + 1)) {}

  // Reads from[0 .. count) and writes to[0 .. count), which must not overlap.
  template <typename TintOf>
  void part(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count, const TintOf& tint_of) {
    for (std::uint32_t block = 0; block < colour_blocks; ++block) {
      const std::uint32_t first = cut(count, block, colour_blocks), end = cut(count, block + 1, colour_blocks);
      if (first < end) part_block(from + first, to + first, end - first, tint_of);
    }
  }

 private:
  static constexpr std::uint32_t buckets = 1024;
  static constexpr std::uint8_t cut_inside = tint_parts;

  template <typename TintOf>
  void part_block(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count, const TintOf& tint_of) {
    std::uint32_t lowest = ~std::uint32_t{0}, highest = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t tint = tints_[i] = tint_of(from[i]);
      lowest = std::min(lowest, tint), highest = std::max(highest, tint);
    }
    int shift = 0;
    while ((highest - lowest) >> shift >= buckets) ++shift;
    std::array<std::uint32_t, tint_parts + 1> cuts;
    for (std::uint32_t part = 0; part <= tint_parts; ++part) cuts[part] = cut(count, part, tint_parts);
    const std::uint32_t used = ((highest - lowest) >> shift) + 1;
    count_buckets(count, lowest, shift, used);
    give_parts(used, cuts);
    const auto bucket_of = [=](std::uint32_t tint) { return (tint - lowest) >> shift; };
    bool split = false;
    for (std::uint32_t i = 0; i < count; ++i) {
      parts_[i] = part_of_[bucket_of(tints_[i])];
      split |= parts_[i] == cut_inside;
    }
    if (split) give_parts_inside(count, lowest, shift, cuts);
    for (std::uint32_t i = 0; i < count; ++i) to[cuts[parts_[i]]++] = from[i];
  }

  // starts_: how many tints lie in the buckets before each.
  void count_buckets(std::uint32_t count, std::uint32_t lowest, int shift, std::uint32_t used) {
    std::fill_n(starts_.begin(), used + 1, 0U);
    for (std::uint32_t i = 0; i < count; ++i) ++starts_[((tints_[i] - lowest) >> shift) + 1];
    for (std::uint32_t bucket = 0; bucket < used; ++bucket) starts_[bucket + 1] += starts_[bucket];
  }

  // The part in which a bucket lies, or cut_inside.
  void give_parts(std::uint32_t used, const std::array<std::uint32_t, tint_parts + 1>& cuts) {
    std::uint8_t part = 0;
    for (std::uint32_t bucket = 0; bucket < used; ++bucket) {
      while (starts_[bucket] >= cuts[part + 1U] && part + 1U < tint_parts) ++part;
      part_of_[bucket] = starts_[bucket + 1] <= cuts[part + 1U] ? part : cut_inside;
    }
  }

  // The parts of items in buckets with a cut inside.
  void give_parts_inside(std::uint32_t count, std::uint32_t lowest, int shift,
                         const std::array<std::uint32_t, tint_parts + 1>& cuts) {
    inside_.clear();
    for (std::uint32_t i = 0; i < count; ++i)
      if (parts_[i] == cut_inside) inside_.push_back(std::uint64_t{tints_[i]} << 32 | i);
    if (shift > 0) std::sort(inside_.begin(), inside_.end());
    for (const std::uint64_t item : inside_) {
      const auto tint = static_cast<std::uint32_t>(item >> 32), i = static_cast<std::uint32_t>(item);
      const std::uint32_t position = starts_[(tint - lowest) >> shift]++;
      std::uint8_t part = 0;
      while (position >= cuts[part + 1U]) ++part;
      parts_[i] = part;
    }
  }

  Buffer<std::uint32_t> tints_;
  Buffer<std::uint8_t> parts_;
  std::array<std::uint32_t, buckets + 1> starts_{};
  std::array<std::uint8_t, buckets> part_of_{};
  std::vector<std::uint64_t> inside_;
};

}  // namespace fastperturb
