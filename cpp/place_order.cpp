// Sorts the places of a template.
#include "place_order.hpp"

#include "radix_sort.hpp"
#include "rank_tints.hpp"
#include "tie_words.hpp"

namespace fastperturb {

Buffer<std::uint64_t> sort_members(const ImageView& image, const Members& members) {
  const Keys keys = luminance_keys(image, members);
  Buffer<std::uint64_t> items = unwritten<std::uint64_t>(members.count),
                        spare = unwritten<std::uint64_t>(members.count);
  for (std::uint32_t member = 0; member < members.count; ++member)
    items[member] = std::uint64_t{keys.values[member] - keys.least} << upper_half | member;
  members.for_each_label([&](std::uint32_t start, std::uint32_t count) {
    radix_sort(items.get() + start, spare.get(), count, upper_half, keys.bits);
  });
  return items;
}

PlaceOrder::PlaceOrder(const ImageView& ground, const std::uint8_t* mask, const std::uint8_t* labels, bool colours,
                       const Key& key)
    : height(ground.height),
      width(ground.width),
      members(ground.height, ground.width, mask, labels),
      coloured(colours && ground.channels > 2),
      ranks(unwritten<std::uint32_t>(members.count)) {
  const Buffer<std::uint64_t> items = sort_members(ground, members);
  TieWords words(key);
  members.for_each_label(
      [&](std::uint32_t start, std::uint32_t count) { shuffle_ties(items.get() + start, count, words); });
  Buffer<std::uint32_t> places = low_halves(items, members.count);
  if (coloured) {
    const Keys tints = tint_keys(ground, members);
    places = part_by_tint(members, places, ground.sample == Sample::f32,
                          [&](std::uint32_t member) { return tints.values[member]; });
  }
  for (std::uint32_t rank = 0; rank < members.count; ++rank) ranks[places[rank]] = rank;
}

}  // namespace fastperturb
