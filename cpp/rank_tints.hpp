// Keeps like colours together: ranks by luminance are re-arranged by tint, in blocks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "keystream.hpp"
#include "rank_keys.hpp"
#include "rank_members.hpp"

namespace fastperturb {

// How the ranks of like colours are kept together: the pixels, in order of luminance, are cut into so many blocks of
// equal count, each block in order of its tint into so many parts, in which luminance orders again.
constexpr std::uint32_t colour_blocks = 48;
constexpr std::uint32_t tint_parts = 6;

// Where part number `part` of `parts` parts of equal count begins.
inline std::uint32_t cut(std::uint32_t count, std::uint32_t part, std::uint32_t parts) {
  return static_cast<std::uint32_t>(std::uint64_t{count} * part / parts);
}

// Cuts items, in order of rank, into colour_blocks of equal count, each block in order of its tint (equal ones in order
// of rank) into tint_parts, and puts each part back into order of rank. A part is known by where its tints begin and
// end, so blocks are not sorted: tints are counted in buckets, and only buckets with a cut inside are put in order.
class TintParts {
 public:
  // For up to so many items at a time; `floats`: tints are numbers of float32 values.
  TintParts(std::uint32_t most, bool floats)
      : floats_(floats),
        tints_(unwritten<std::uint32_t>(most / colour_blocks + 1)),
        buckets_(unwritten<std::uint16_t>(most / colour_blocks + 1)),
        parts_(unwritten<std::uint8_t>(most / colour_blocks + 1)),
        inside_(unwritten<std::uint64_t>(most / colour_blocks + 1)) {}

  // Reads from[0 .. count) and writes to[0 .. count).
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
  using Cuts = std::array<std::uint32_t, tint_parts + 1>;

  template <typename TintOf>
  void part_block(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count, const TintOf& tint_of) {
    std::uint32_t least = ~std::uint32_t{0}, most = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      tints_[i] = tint_of(from[i]);
      least = std::min(least, tints_[i]), most = std::max(most, tints_[i]);
    }
    Cuts cuts;
    for (std::uint32_t part = 0; part <= tint_parts; ++part) cuts[part] = cut(count, part, tint_parts);
    if (most - least < buckets) return part_few(from, to, count, least, most - least + 1, cuts);
    give_buckets(count, least, most);
    std::fill_n(starts_.begin(), used_ + 1, 0U);
    for (std::uint32_t i = 0; i < count; ++i) ++starts_[buckets_[i] + 1U];
    for (std::uint32_t bucket = 0; bucket < used_; ++bucket) starts_[bucket + 1] += starts_[bucket];
    give_parts(cuts);
    bool split = false;
    for (std::uint32_t i = 0; i < count; ++i) {
      parts_[i] = part_of_[buckets_[i]];
      split |= parts_[i] == cut_inside;
    }
    if (split) give_parts_inside(count, cuts);
    for (std::uint32_t i = 0; i < count; ++i) to[cuts[parts_[i]]++] = from[i];
  }

  // The same where tints are so few that each has a bucket: an item's place in the block, sorted by tint, is known.
  void part_few(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count, std::uint32_t least,
                std::uint32_t tints, Cuts& cuts) {
    std::fill_n(starts_.begin(), tints + 1, 0U);
    for (std::uint32_t i = 0; i < count; ++i) ++starts_[tints_[i] - least + 1];
    for (std::uint32_t tint = 0; tint < tints; ++tint) starts_[tint + 1] += starts_[tint];
    for (std::uint32_t part = 0; part < tint_parts; ++part)
      std::fill(parts_.get() + cuts[part], parts_.get() + cuts[part + 1], static_cast<std::uint8_t>(part));
    for (std::uint32_t i = 0; i < count; ++i) to[cuts[parts_[starts_[tints_[i] - least]++]]++] = from[i];
  }

  // The bucket of each tint, any that rises with it. Tints of float32 are spread by their values, for their numbers
  // crowd where the values are large.
  void give_buckets(std::uint32_t count, std::uint32_t least, std::uint32_t most) {
    used_ = buckets;
    const float low = float_of(least);
    const float scale = static_cast<float>(buckets - 1) / (float_of(most) - low);
    if (floats_ && scale > 0 && scale < 1e30F) {  // neither is so for what is infinite or no number
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto bucket = static_cast<std::uint32_t>((float_of(tints_[i]) - low) * scale);
        buckets_[i] = static_cast<std::uint16_t>(std::min(bucket, buckets - 1));
      }
      return;
    }
    int shift = 0;
    const std::uint32_t enough = std::min(buckets, std::max(count, 2U));
    while ((most - least) >> shift >= enough) ++shift;
    used_ = ((most - least) >> shift) + 1;
    for (std::uint32_t i = 0; i < count; ++i) buckets_[i] = static_cast<std::uint16_t>((tints_[i] - least) >> shift);
  }

  // The part in which a bucket lies, or cut_inside.
  void give_parts(const Cuts& cuts) {
    std::uint8_t part = 0;
    for (std::uint32_t bucket = 0; bucket < used_; ++bucket) {
      while (starts_[bucket] >= cuts[part + 1U] && part + 1U < tint_parts) ++part;
      part_of_[bucket] = starts_[bucket + 1] <= cuts[part + 1U] ? part : cut_inside;
    }
  }

  // The parts of items in buckets with a cut inside.
  void give_parts_inside(std::uint32_t count, const Cuts& cuts) {
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < count; ++i) {  // written in any case, for a branch here is guessed wrong too often
      inside_[found] = std::uint64_t{tints_[i]} << 32 | i;
      found += parts_[i] == cut_inside;
    }
    std::sort(inside_.get(), inside_.get() + found);
    for (std::uint32_t item = 0; item < found; ++item) {
      const auto i = static_cast<std::uint32_t>(inside_[item]);
      const std::uint32_t position = starts_[buckets_[i]]++;
      std::uint8_t part = 0;
      while (position >= cuts[part + 1U]) ++part;
      parts_[i] = part;
    }
  }

  bool floats_;
  std::uint32_t used_ = 0;  // buckets
  Buffer<std::uint32_t> tints_;
  Buffer<std::uint16_t> buckets_;
  Buffer<std::uint8_t> parts_;
  std::array<std::uint32_t, buckets + 1> starts_{};
  std::array<std::uint8_t, buckets> part_of_{};
  Buffer<std::uint64_t> inside_;
};

// Items, one a member, re-arranged label by label.
template <typename TintOf>
Buffer<std::uint32_t> part_by_tint(const Members& members, const Buffer<std::uint32_t>& items, bool floats,
                                   const TintOf& tint_of) {
  Buffer<std::uint32_t> parted = unwritten<std::uint32_t>(members.count);
  TintParts parts(members.count, floats);
  members.for_each_label([&](std::uint32_t start, std::uint32_t count) {
    parts.part(items.get() + start, parted.get() + start, count, tint_of);
  });
  return parted;
}

inline Buffer<std::uint32_t> low_halves(const Buffer<std::uint64_t>& items, std::uint32_t count) {
  Buffer<std::uint32_t> found = unwritten<std::uint32_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) found[i] = static_cast<std::uint32_t>(items[i]);
  return found;
}

}  // namespace fastperturb
