// Pixels of three bytes as numbers that say which colour they are and order as the camouflage ranks them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "keystream.hpp"
#include "radix_sort.hpp"

namespace fastperturb {

// A colour's luminance, 77 R + 150 G + 29 B, is in the upper half, then come red and 255 - blue: green is what is left,
// and colours of equal luminance order as their bytes do. (Kernels::colour_items makes them of pixels,
// Kernels::colours_of pixels of them.)

// Red - blue + 255.
inline std::uint32_t colour_tint(std::uint32_t item) { return (item >> 8 & 255) + (item & 255); }

// Sorts colour items; `spare` has room for as many. Blue is known up to 150 from luminance and red (29 is prime to
// 150), so that 25 bits order as the whole item does: two passes.
inline void sort_colours(std::uint32_t* items, std::uint32_t* spare, std::uint32_t count) {
  constexpr std::uint32_t few = 4096;  // counts of the two passes cost more than a third pass
  if (count < few) return radix_sort(items, spare, count, 0, 32);
  constexpr std::uint32_t low_digits = 1 << 13, high_digits = 1 << 12;
  const auto low = [](std::uint32_t item) {
    return (item >> 16 & 15) << 9 | (item >> 7 & 510) | ((item & 255) > 105 ? 1U : 0U);
  };
  const Buffer<std::uint32_t> next = unwritten<std::uint32_t>(low_digits + high_digits);
  std::uint32_t *lows = next.get(), *highs = lows + low_digits;
  std::fill_n(lows, low_digits + high_digits, 0U);
  for (std::uint32_t i = 0; i < count; ++i) ++lows[low(items[i])], ++highs[items[i] >> 20];
  std::uint32_t before = 0;
  for (std::uint32_t digit = 0; digit < low_digits; ++digit) before += std::exchange(lows[digit], before);
  before = 0;
  for (std::uint32_t digit = 0; digit < high_digits; ++digit) before += std::exchange(highs[digit], before);
  for (std::uint32_t i = 0; i < count; ++i) spare[lows[low(items[i])]++] = items[i];
  for (std::uint32_t i = 0; i < count; ++i) items[highs[spare[i] >> 20]++] = spare[i];
}

}  // namespace fastperturb
