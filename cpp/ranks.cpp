// Ranks of pixels and of places by sorting words that hold a key above what it belongs to, and the move.
#include "ranks.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "pixel.hpp"
#include "radix_sort.hpp"
#include "rank_keys.hpp"
#include "rank_tints.hpp"
#include "tie_words.hpp"

namespace fastperturb {
namespace {

// Items, one a member, re-arranged label by label; of words the lower halves.
template <typename Item, typename TintOf>
Buffer<std::uint32_t> part_by_tint(const Members& members, const Buffer<Item>& items, bool floats,
                                   const TintOf& tint_of) {
  Buffer<std::uint32_t> parted = unwritten<std::uint32_t>(members.count);
  TintParts parts(members.count, floats);
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    parts.part(items.get() + start, parted.get() + start, count, tint_of);
  });
  return parted;
}

Buffer<std::uint32_t> low_halves(const Buffer<std::uint64_t>& items, std::uint32_t count) {
  Buffer<std::uint32_t> found = unwritten<std::uint32_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) found[i] = static_cast<std::uint32_t>(items[i]);
  return found;
}

// The places in order of rank, as PlaceOrder::offset reads them.
Buffer<std::uint32_t> rank_places(const PlaceOrder& order, bool colours, const Key& key) {
  const Members& members = order.members;
  Buffer<std::uint64_t> items = unwritten<std::uint64_t>(members.count);
  std::copy_n(order.items.get(), members.count, items.get());
  TieWords words(key);
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    shuffle_ties(items.get() + start, order.ties.get() + start, count, words);
  });
  if (!colours) return low_halves(items, members.count);
  return part_by_tint(members, items, false,
                      [](std::uint64_t item) { return static_cast<std::uint32_t>(item >> upper_half); });
}

// Calls put(rank, first byte of the place of that rank).
template <typename Put>
void for_each_place(const RankJob& job, const PlaceOrder& order, const Buffer<std::uint32_t>& places, const Put& put) {
  const auto row_bytes = static_cast<std::uint32_t>(job.out.row_bytes);
  const auto pixel_bytes = static_cast<std::uint32_t>(job.out.pixel_bytes());
  for (std::uint32_t rank = 0; rank < order.members.count; ++rank)
    put(rank, job.out.data + order.offset(places[rank], row_bytes, pixel_bytes));
}

// Puts pixels of three bytes at the ranked places. Luminance, red and 255 - blue say which pixel it is, and order those
// of equal luminance as their bytes do, so that they alone are sorted; red - blue is a sum of two bytes.
void place_three_bytes(const RankJob& job, const PlaceOrder& order, const Buffer<std::uint32_t>& places, bool colours) {
  const Members& members = order.members;
  Buffer<std::uint32_t> items = unwritten<std::uint32_t>(members.count),
                        spare = unwritten<std::uint32_t>(members.count);
  members.for_each_pixel(job.crop, [&](std::uint32_t member, const std::uint8_t* pixel) {
    const std::uint32_t red = pixel[0], green = pixel[1], blue = pixel[2];
    items[member] = (77 * red + 150 * green + 29 * blue) << 16 | red << 8 | (255 - blue);
  });
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    radix_sort(items.get() + start, spare.get(), count, 0, 32);
  });
  if (colours)
    items = part_by_tint(members, items, false, [](std::uint32_t item) { return (item >> 8 & 255) + (item & 255); });
  for_each_place(job, order, places, [&](std::uint32_t rank, std::uint8_t* to) {
    const std::uint32_t item = items[rank], red = item >> 8 & 255, blue = 255 - (item & 255);
    const std::uint32_t green = ((item >> 16) - 77 * red - 29 * blue) / 150;
    to[0] = static_cast<std::uint8_t>(red), to[1] = static_cast<std::uint8_t>(green);
    to[2] = static_cast<std::uint8_t>(blue);
  });
}

// Puts the pixels at the ranked places, those of equal luminance in order of their bytes.
template <typename PixelType>
void place_pixels(const RankJob& job, const PlaceOrder& order, const Buffer<std::uint32_t>& places, bool colours) {
  const ImageView& crop = job.crop;
  const Members& members = order.members;
  Buffer<Kept<PixelType>> pixels = unwritten<Kept<PixelType>>(members.count);
  members.for_each_pixel(crop, [&](std::uint32_t member, const std::uint8_t* pixel) {
    pixels[member] = Kept<PixelType>::of(PixelType::load(pixel));
  });
  const std::size_t bytes = crop.pixel_bytes();
  const auto before = [&](std::uint64_t a, std::uint64_t b) {
    std::uint8_t left[most_pixel_bytes], right[most_pixel_bytes];
    pixels[static_cast<std::uint32_t>(a)].get().store(left);
    pixels[static_cast<std::uint32_t>(b)].get().store(right);
    return std::memcmp(left, right, bytes) < 0;
  };
  const Buffer<std::uint64_t> items = sort_members(crop, members);
  const bool alike = crop.channels == 1 && crop.sample != Sample::f32;  // equal luminance, equal bytes
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    std::uint64_t *first = items.get() + start, *last = first + count;
    while (first < last && !alike) {
      std::uint64_t* end = first + 1;
      while (end < last && *end >> upper_half == *first >> upper_half) ++end;
      if (end - first > 1) std::sort(first, end, before);
      first = end;
    }
  });
  Buffer<std::uint32_t> sources = low_halves(items, members.count);
  if (colours) {
    const Keys tints = tint_keys(crop, members);
    sources = part_by_tint(members, sources, crop.sample == Sample::f32,
                           [&](std::uint32_t member) { return tints.values[member]; });
  }
  for_each_place(job, order, places,
                 [&](std::uint32_t rank, std::uint8_t* to) { pixels[sources[rank]].get().store(to); });
}

}  // namespace

void match_ranks(const RankJob& job, const PlaceOrder& order, const Key& key) {
  if (job.out.height * job.out.row_bytes >> 32 != 0)
    throw std::invalid_argument("the rows of a crop must span less than 4 GiB");
  const bool colours = job.colours && job.crop.channels > 2 && order.coloured;
  const Buffer<std::uint32_t> places = rank_places(order, colours, key);
  if (job.crop.pixel_bytes() == 3) return place_three_bytes(job, order, places, colours);
  with_pixel_type(job.crop.pixel_bytes(),
                  [&](auto pixel) { place_pixels<decltype(pixel)>(job, order, places, colours); });
}

}  // namespace fastperturb
