// A stable sort of whole numbers by some of their bits, in a few passes over digits, lowest first.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace fastperturb {

// Sorts items by the `bits` bits from `shift` on; equal ones keep their order. `spare` has room for as many.
template <typename Item>
void radix_sort(Item* items, Item* spare, std::uint32_t count, int shift, int bits) {
  constexpr int most_digit_bits = 11, most_passes = 3;
  if (count < 2) return;
  const int passes = (bits + most_digit_bits - 1) / most_digit_bits, digit_bits = (bits + passes - 1) / passes;
  const std::size_t digits = std::size_t{1} << digit_bits;
  std::array<std::array<std::uint32_t, std::size_t{1} << most_digit_bits>, most_passes> counts;
  const auto digit_of = [=](Item item, int pass) {
    return static_cast<std::size_t>(item >> (shift + pass * digit_bits)) & (digits - 1);
  };
  for (int pass = 0; pass < passes; ++pass) {
    auto& next = counts[static_cast<std::size_t>(pass)];
    std::fill_n(next.begin(), digits, 0U);
    for (std::uint32_t i = 0; i < count; ++i) ++next[digit_of(items[i], pass)];
  }
  Item *from = items, *to = spare;
  for (int pass = 0; pass < passes; ++pass) {
    auto& next = counts[static_cast<std::size_t>(pass)];
    if (next[digit_of(from[0], pass)] == count) continue;  // all alike in this digit
    std::uint32_t before = 0;
    for (std::size_t digit = 0; digit < digits; ++digit) before += std::exchange(next[digit], before);
    for (std::uint32_t i = 0; i < count; ++i) to[next[digit_of(from[i], pass)]++] = from[i];
    std::swap(from, to);
  }
  if (from != items) std::copy_n(from, count, items);
}

}  // namespace fastperturb
