// Sorts the places of a template.
#include "place_order.hpp"

#include <utility>

namespace fastperturb {
namespace {

// The members' tints, numbered from 0 on without gaps: spread more evenly than they are, they are parted sooner.
Buffer<std::uint32_t> tint_ranks(const ImageView& ground, const Members& members) {
  Keys tints = tint_keys(ground, members);
  Buffer<std::uint64_t> items = unwritten<std::uint64_t>(members.count),
                        spare = unwritten<std::uint64_t>(members.count);
  for (std::uint32_t i = 0; i < members.count; ++i) items[i] = std::uint64_t{tints.values[i]} << upper_half | i;
  radix_sort(items.get(), spare.get(), members.count, upper_half, 32);
  std::uint32_t rank = 0;
  for (std::uint32_t i = 0; i < members.count; ++i) {
    rank += i > 0 && items[i] >> upper_half != items[i - 1] >> upper_half;
    tints.values[static_cast<std::uint32_t>(items[i])] = rank;
  }
  return std::move(tints.values);
}

}  // namespace

PlaceOrder::PlaceOrder(const ImageView& ground, const std::uint8_t* mask, const std::uint8_t* labels)
    : height(ground.height),
      width(ground.width),
      members(ground.height, ground.width, mask, labels),
      coloured(ground.channels > 2),
      column_bits(0),
      items(sort_members(ground, members)),
      ties(unwritten<std::uint8_t>(members.count)) {
  while (((width - 1) >> column_bits) != 0) ++column_bits;
  Buffer<std::uint32_t> places = unwritten<std::uint32_t>(members.count);
  members.for_each_place([&](std::uint32_t member, std::uint32_t row, std::uint32_t column) {
    places[member] = static_cast<std::uint32_t>(std::uint64_t{row} << column_bits) | column;
  });
  const Buffer<std::uint32_t> tints = coloured ? tint_ranks(ground, members) : Buffer<std::uint32_t>{};
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    std::uint64_t before = ~std::uint64_t{0};
    for (std::uint32_t rank = start; rank < start + count; ++rank) {
      const auto member = static_cast<std::uint32_t>(items[rank]);
      const std::uint64_t luminance = items[rank] >> upper_half;
      ties[rank] = luminance == before;
      before = luminance;
      items[rank] = std::uint64_t{coloured ? tints[member] : 0} << upper_half | places[member];
    }
  });
}

}  // namespace fastperturb
