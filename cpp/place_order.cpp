// Sorts the places of a template.
#include "place_order.hpp"

namespace fastperturb {

PlaceOrder::PlaceOrder(const ImageView& ground, const std::uint8_t* mask, const std::uint8_t* labels)
    : height(ground.height),
      width(ground.width),
      members(ground.height, ground.width, mask, labels),
      coloured(ground.channels > 2),
      floats(ground.sample == Sample::f32),
      column_bits(0),
      items(sort_members(ground, members)),
      ties(unwritten<std::uint8_t>(members.count)) {
  while (((width - 1) >> column_bits) != 0) ++column_bits;
  Buffer<std::uint32_t> places = unwritten<std::uint32_t>(members.count);
  members.for_each_place([&](std::uint32_t member, std::uint32_t row, std::uint32_t column) {
    places[member] = static_cast<std::uint32_t>(std::uint64_t{row} << column_bits) | column;
  });
  const Keys tints = coloured ? tint_keys(ground, members) : Keys{};
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    std::uint64_t before = ~std::uint64_t{0};
    for (std::uint32_t rank = start; rank < start + count; ++rank) {
      const auto member = static_cast<std::uint32_t>(items[rank]);
      const std::uint64_t luminance = items[rank] >> upper_half;
      ties[rank] = luminance == before;
      before = luminance;
      items[rank] = std::uint64_t{coloured ? tints.values[member] : 0} << upper_half | places[member];
    }
  });
}

}  // namespace fastperturb
