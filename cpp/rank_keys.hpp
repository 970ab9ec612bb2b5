// What pixels are ranked by, as whole numbers: the same on every processor. docs/protections.md, "Camouflage".
#pragma once

#include <cstdint>
#include <cstring>

#include "image.hpp"
#include "keystream.hpp"
#include "rank_members.hpp"

namespace fastperturb {

// A number for each of some members; all lie from `least` on and under least + 2^bits.
struct Keys {
  Buffer<std::uint32_t> values;
  std::uint32_t least = 0;
  int bits = 0;
};

// Of the members' pixels. The luminance is
// 77 R + 150 G + 29 B of three or four channels and the first sample of one or two; the tint, of three or four, is
// R - B. Whole numbers of integer samples; for float32 the luminance / 256 and the tint / 2, worked out in double in
// the order of the formula and rounded to float32, are numbered in their order, with -0 as 0 and NaN last.
Keys luminance_keys(const ImageView& image, const Members& members);
Keys tint_keys(const ImageView& image, const Members& members);

// The float32 value that has this number.
inline float float_of(std::uint32_t number) {
  const std::uint32_t bits = number >> 31 != 0 ? number ^ std::uint32_t{1} << 31 : ~number;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace fastperturb
