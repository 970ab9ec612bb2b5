// Colours in order of rank re-arranged by tint, as TintParts of rank_tints.hpp does it for any pixels.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels.hpp"
#include "rank_colours.hpp"
#include "rank_tints.hpp"

namespace fastperturb {

// Numbers of rank_colours.hpp. Their tints are so few that they are counted; then each part is picked out of the block
// by its bounds, whole vectors at a time, which no store to a counter waits for.
class ColourParts {
 public:
  explicit ColourParts(const Kernels& kernels) : kernels_(kernels) {}

  // Reads from[0 .. count) and writes to[0 .. count); up to `room` entries beyond are overwritten.
  void part(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count) {
    for (std::uint32_t block = 0; block < colour_blocks; ++block) {
      const std::uint32_t first = cut(count, block, colour_blocks), end = cut(count, block + 1, colour_blocks);
      if (first < end) part_block(from + first, to + first, end - first);
    }
  }

  static constexpr std::uint32_t room = 16;

 private:
  static constexpr std::uint32_t tints = 511;

  // Between two parts: items under `tint` are in the lower one, those over it in the upper one, those of it in the
  // lower one before item number `place` of the block.
  struct Bound {
    std::int32_t tint;
    std::uint32_t place;
  };

  void part_block(const std::uint32_t* from, std::uint32_t* to, std::uint32_t count) {
    std::array<Bound, tint_parts + 1> bounds;
    find_bounds(from, count, bounds);
    for (std::uint32_t part = 0; part < tint_parts; ++part) {
      const Bound &low = bounds[part], &high = bounds[part + 1];
      const bool low_first = low.place <= high.place;
      const std::array<std::uint32_t, 4> ends{0, low_first ? low.place : high.place, low_first ? high.place : low.place,
                                              count};
      for (std::size_t k = 0; k + 1 < ends.size(); ++k) {
        const std::uint32_t first = ends[k];
        const std::int32_t least = low.tint + (first < low.place ? 1 : 0),
                           most = high.tint - (first < high.place ? 0 : 1);
        if (least <= most && first < ends[k + 1])
          to += kernels_.pick_tinted(from + first, ends[k + 1] - first, least, most, to);
      }
    }
  }

  void find_bounds(const std::uint32_t* from, std::uint32_t count, std::array<Bound, tint_parts + 1>& bounds) {
    std::uint32_t tint = 0, most = 0;
    kernels_.tint_range(from, count, &tint, &most);
    for (auto& counts : counts_) std::fill(counts.begin() + tint, counts.begin() + most + 1, 0U);
    std::uint32_t i = 0;
    for (; i + 1 < count; i += 2) ++counts_[0][colour_tint(from[i])], ++counts_[1][colour_tint(from[i + 1])];
    if (i < count) ++counts_[0][colour_tint(from[i])];
    bounds.front() = {0, 0};
    bounds.back() = {std::int32_t{tints}, count};
    std::uint32_t before = 0;
    for (std::uint32_t part = 1; part < tint_parts; ++part) {
      const std::uint32_t first = cut(count, part, tint_parts);
      for (std::uint32_t here; before + (here = counts_[0][tint] + counts_[1][tint]) <= first; ++tint) before += here;
      const std::size_t place = first == before ? 0 : kernels_.find_tinted(from, count, tint, first - before);
      bounds[part] = {static_cast<std::int32_t>(tint), static_cast<std::uint32_t>(place)};
    }
  }

  const Kernels& kernels_;
  std::array<std::array<std::uint32_t, tints>, 2> counts_;  // two, so that neighbours of one tint do not wait
};

}  // namespace fastperturb
