// A stable sort of whole numbers by some of their bits, in a few passes over digits, lowest first.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace fastperturb {

// The same with `Passes` digits of `Digit` bits each.
template <int Passes, int Digit, typename Item>
void radix_passes(Item* items, Item* spare, std::uint32_t count, int shift) {
  constexpr std::size_t digits = std::size_t{1} << Digit;
  std::array<std::array<std::uint32_t, digits>, Passes> counts{};
  for (std::uint32_t i = 0; i < count; ++i) {
    Item rest = static_cast<Item>(items[i] >> shift);
    for (auto& of_pass : counts) {
      ++of_pass[rest % digits];
      rest = static_cast<Item>(rest >> Digit);
    }
  }
  Item *from = items, *to = spare;
  for (auto& next : counts) {
    if (next[(from[0] >> shift) % digits] != count) {  // or else all are alike in this digit
      std::uint32_t before = 0;
      for (std::uint32_t& entry : next) before += std::exchange(entry, before);
      for (std::uint32_t i = 0; i < count; ++i) to[next[(from[i] >> shift) % digits]++] = from[i];
      std::swap(from, to);
    }
    shift += Digit;
  }
  if (from != items) std::copy_n(from, count, items);
}

// Sorts items by the `bits` bits from `shift` on, up to 32; equal ones keep their order. `spare` has room for as many.
template <typename Item>
void radix_sort(Item* items, Item* spare, std::uint32_t count, int shift, int bits) {
  if (count < 2) return;
  if (bits <= 8) return radix_passes<1, 8>(items, spare, count, shift);
  if (bits <= 9) return radix_passes<1, 9>(items, spare, count, shift);
  if (bits <= 16) return radix_passes<2, 8>(items, spare, count, shift);
  if (bits <= 24) return radix_passes<3, 8>(items, spare, count, shift);
  radix_passes<3, 11>(items, spare, count, shift);
}

}  // namespace fastperturb
