// Ranks of pixels and of places by sorting words that hold a key above what it belongs to, and the move.
#include "ranks.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "pixel.hpp"
#include "radix_sort.hpp"
#include "rank_keys.hpp"
#include "rank_members.hpp"
#include "rank_tints.hpp"
#include "tie_words.hpp"

namespace fastperturb {
namespace {

constexpr int upper_half = 32;

// Calls visit(number of the first member, how many) for each label that has members.
template <typename Visit>
void for_each_label(const Members& members, const Visit& visit) {
  for (std::size_t label = 0; label < 256; ++label) {
    const std::uint32_t start = members.label_starts[label], count = members.label_starts[label + 1] - start;
    if (count > 0) visit(start, count);
  }
}

// Items, one a member, re-arranged label by label.
template <typename TintOf>
Buffer<std::uint32_t> part_by_tint(const Members& members, Buffer<std::uint32_t> items, Sample sample,
                                   const TintOf& tint_of) {
  Buffer<std::uint32_t> parted = unwritten<std::uint32_t>(members.count);
  TintParts parts(members.count, sample == Sample::f32);
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    parts.part(items.get() + start, parted.get() + start, count, tint_of);
  });
  return parted;
}

// Words in order of luminance, label by label: `low_half` of a member under its luminance.
template <typename LowHalf>
Buffer<std::uint64_t> sort_members(const ImageView& image, const Members& members, const LowHalf& low_half) {
  const Keys keys = luminance_keys(image, members);
  Buffer<std::uint64_t> items = unwritten<std::uint64_t>(members.count),
                        spare = unwritten<std::uint64_t>(members.count);
  for (std::uint32_t member = 0; member < members.count; ++member)
    items[member] = std::uint64_t{keys.values[member] - keys.least} << upper_half | low_half(member);
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    radix_sort(items.get() + start, spare.get(), count, upper_half, keys.bits);
  });
  return items;
}

Buffer<std::uint32_t> low_halves(const Buffer<std::uint64_t>& items, std::uint32_t count) {
  Buffer<std::uint32_t> found = unwritten<std::uint32_t>(count);
  for (std::uint32_t i = 0; i < count; ++i) found[i] = static_cast<std::uint32_t>(items[i]);
  return found;
}

// The places in order of rank, as offsets in bytes from the first one of `out`.
Buffer<std::uint32_t> rank_places(const RankJob& job, const Members& members, bool colours, const Key& key) {
  Buffer<std::uint32_t> offsets = unwritten<std::uint32_t>(members.count);
  members.for_each_pixel(job.out, [&](std::uint32_t member, const std::uint8_t* pixel) {
    offsets[member] = static_cast<std::uint32_t>(pixel - job.out.data);
  });
  const Buffer<std::uint64_t> items =
      sort_members(job.ground, members, [&](std::uint32_t member) { return colours ? member : offsets[member]; });
  TieWords words(key);
  for_each_label(members,
                 [&](std::uint32_t start, std::uint32_t count) { shuffle_ties(items.get() + start, count, words); });
  Buffer<std::uint32_t> places = low_halves(items, members.count);
  if (!colours) return places;
  const Keys tints = tint_keys(job.ground, members);
  places = part_by_tint(members, std::move(places), job.ground.sample,
                        [&](std::uint32_t member) { return tints.values[member]; });
  for (std::uint32_t rank = 0; rank < members.count; ++rank) places[rank] = offsets[places[rank]];
  return places;
}

// Puts pixels of three bytes at the ranked places. Luminance, red and 255 - blue say which pixel it is, and order those
// of equal luminance as their bytes do, so that they alone are sorted; red - blue is a sum of two bytes.
void place_three_bytes(const RankJob& job, const Members& members, const Buffer<std::uint32_t>& places, bool colours) {
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
    items = part_by_tint(members, std::move(items), Sample::u8,
                         [](std::uint32_t item) { return (item >> 8 & 255) + (item & 255); });
  for (std::uint32_t rank = 0; rank < members.count; ++rank) {
    const std::uint32_t item = items[rank], red = item >> 8 & 255, blue = 255 - (item & 255);
    const std::uint32_t green = ((item >> 16) - 77 * red - 29 * blue) / 150;
    std::uint8_t* to = job.out.data + places[rank];
    to[0] = static_cast<std::uint8_t>(red), to[1] = static_cast<std::uint8_t>(green);
    to[2] = static_cast<std::uint8_t>(blue);
  }
}

// Puts the pixels at the ranked places, those of equal luminance in order of their bytes.
template <typename PixelType>
void place_pixels(const RankJob& job, const Members& members, const Buffer<std::uint32_t>& places, bool colours) {
  const ImageView& crop = job.crop;
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
  const Buffer<std::uint64_t> items = sort_members(crop, members, [](std::uint32_t member) { return member; });
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
  Buffer<std::uint32_t> order = low_halves(items, members.count);
  if (colours) {
    const Keys tints = tint_keys(crop, members);
    order = part_by_tint(members, std::move(order), crop.sample,
                         [&](std::uint32_t member) { return tints.values[member]; });
  }
  for (std::uint32_t rank = 0; rank < members.count; ++rank)
    pixels[order[rank]].get().store(job.out.data + places[rank]);
}

}  // namespace

void match_ranks(const RankJob& job, const Key& key) {
  if (job.out.height * job.out.row_bytes >> 32 != 0)
    throw std::invalid_argument("the rows of a crop must span less than 4 GiB");
  const Members members(job.crop.height, job.crop.width, job.mask, job.labels);
  const bool colours = job.colours && job.crop.channels > 2 && job.ground.channels > 2;
  const Buffer<std::uint32_t> places = rank_places(job, members, colours, key);
  if (job.crop.pixel_bytes() == 3) return place_three_bytes(job, members, places, colours);
  with_pixel_type(job.crop.pixel_bytes(),
                  [&](auto pixel) { place_pixels<decltype(pixel)>(job, members, places, colours); });
}

}  // namespace fastperturb
