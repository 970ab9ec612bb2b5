// The places of a template in order of luminance: what the camouflage of every crop of one size and mask begins with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image.hpp"
#include "keystream.hpp"
#include "radix_sort.hpp"
#include "rank_keys.hpp"
#include "rank_members.hpp"

namespace fastperturb {

// Calls visit(number of the first member, how many) for each label that has members.
template <typename Visit>
void for_each_label(const Members& members, const Visit& visit) {
  for (std::size_t label = 0; label < 256; ++label) {
    const std::uint32_t start = members.label_starts[label], count = members.label_starts[label + 1] - start;
    if (count > 0) visit(start, count);
  }
}

constexpr int upper_half = 32;

// Members in order of their pixels' luminance, label by label, equal ones by number: each in the lower half of a word,
// under its luminance.
inline Buffer<std::uint64_t> sort_members(const ImageView& image, const Members& members) {
  const Keys keys = luminance_keys(image, members);
  Buffer<std::uint64_t> items = unwritten<std::uint64_t>(members.count),
                        spare = unwritten<std::uint64_t>(members.count);
  for (std::uint32_t member = 0; member < members.count; ++member)
    items[member] = std::uint64_t{keys.values[member] - keys.least} << upper_half | member;
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    radix_sort(items.get() + start, spare.get(), count, upper_half, keys.bits);
  });
  return items;
}

struct PlaceOrder {
  // Of a template of one or two channels of luminance, or three or four of colour. Mask and labels are packed, one byte
  // a pixel; see RankJob. Throws std::invalid_argument for 2^31 pixels or more.
  PlaceOrder(const ImageView& ground, const std::uint8_t* mask, const std::uint8_t* labels);

  // The offset in bytes of an item's place in rows that are row_bytes apart.
  std::uint32_t offset(std::uint64_t item, std::uint32_t row_bytes, std::uint32_t pixel_bytes) const {
    const auto place = static_cast<std::uint32_t>(item);
    return (place >> column_bits) * row_bytes + (place & ((std::uint32_t{1} << column_bits) - 1)) * pixel_bytes;
  }
  std::size_t bytes() const { return std::size_t{members.count} * (sizeof(std::uint64_t) + 1 + sizeof(std::uint32_t)); }

  std::int64_t height, width;
  Members members;
  bool coloured;                // items have tints
  int column_bits;              // a row above a column fits 32 bits, as there are fewer than 2^31 places
  Buffer<std::uint64_t> items;  // place under the rank of its tint, in order of luminance
  Buffer<std::uint8_t> ties;    // 1 where an item is as light as the one before, of its label
};

}  // namespace fastperturb
