// Sorts a crop's pixels and puts them where the template's places of their ranks are.
#include "ranks.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "colour_parts.hpp"
#include "dispatch.hpp"
#include "pixel.hpp"
#include "radix_sort.hpp"
#include "rank_colours.hpp"
#include "rank_keys.hpp"
#include "rank_tints.hpp"

namespace fastperturb {
namespace {

// Calls put(rank, first byte) for every place, row by row.
template <typename Put>
void for_each_place(const RankJob& job, const PlaceOrder& order, const Put& put) {
  const std::uint32_t* ranks = order.ranks.get();
  order.members.for_each_pixel(job.out, [=](std::uint32_t member, std::uint8_t* to) { put(ranks[member], to); });
}

// Four bytes are written for three where another pixel of the run follows, which is written next.
void put_colours(const RankJob& job, const PlaceOrder& order, const std::uint32_t* colours) {
  for (const Run& run : order.members.runs) {
    const std::uint32_t *rank = order.ranks.get() + run.first, *last = rank + run.length - 1;
    std::uint8_t* pixel = job.out.at(run.row, run.column);
    for (; rank < last; ++rank, pixel += 3) std::memcpy(pixel, colours + *rank, 4);
    std::memcpy(pixel, colours + *rank, 3);
  }
}

void place_three_bytes(const RankJob& job, const PlaceOrder& order) {
  const Kernels& act = kernels();
  const Members& members = order.members;
  const std::size_t room = members.count + ColourParts::room;
  Buffer<std::uint32_t> items = unwritten<std::uint32_t>(room), spare = unwritten<std::uint32_t>(room);
  for (const Run& run : members.runs)
    act.colour_items(job.crop.at(run.row, run.column), run.length, items.get() + run.first);
  members.for_each_label(
      [&](std::uint32_t start, std::uint32_t count) { sort_colours(items.get() + start, spare.get(), count); });
  if (order.coloured) {
    ColourParts parts(act);
    members.for_each_label(
        [&](std::uint32_t start, std::uint32_t count) { parts.part(items.get() + start, spare.get() + start, count); });
    items.swap(spare);
  }
  act.colours_of(items.get(), members.count);
  put_colours(job, order, items.get());
}

// Of one whole number each: they are their own luminance.
template <typename T>
void place_numbers(const RankJob& job, const PlaceOrder& order) {
  const Members& members = order.members;
  const Buffer<T> numbers = unwritten<T>(members.count), spare = unwritten<T>(members.count);
  T* to = numbers.get();
  members.for_each_pixel(
      job.crop, [=](std::uint32_t member, const std::uint8_t* pixel) { std::memcpy(to + member, pixel, sizeof(T)); });
  members.for_each_label([&](std::uint32_t start, std::uint32_t count) {
    radix_sort(numbers.get() + start, spare.get(), count, 0, 8 * int{sizeof(T)});
  });
  for_each_place(job, order, [from = numbers.get()](std::uint32_t rank, std::uint8_t* pixel) {
    std::memcpy(pixel, from + rank, sizeof(T));
  });
}

// Pixels of any other kind, those of equal luminance in order of their bytes.
template <typename PixelType>
void place_pixels(const RankJob& job, const PlaceOrder& order) {
  const ImageView& crop = job.crop;
  const Members& members = order.members;
  const Buffer<Kept<PixelType>> pixels = unwritten<Kept<PixelType>>(members.count);
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
  members.for_each_label([&](std::uint32_t start, std::uint32_t count) {
    std::uint64_t *first = items.get() + start, *last = first + count;
    while (first < last) {
      std::uint64_t* end = first + 1;
      while (end < last && *end >> upper_half == *first >> upper_half) ++end;
      if (end - first > 1) std::sort(first, end, before);
      first = end;
    }
  });
  Buffer<std::uint32_t> sources = low_halves(items, members.count);
  if (order.coloured) {
    const Keys tints = tint_keys(crop, members);
    sources = part_by_tint(members, sources, crop.sample == Sample::f32,
                           [&](std::uint32_t member) { return tints.values[member]; });
  }
  for_each_place(job, order,
                 [&](std::uint32_t rank, std::uint8_t* pixel) { pixels[sources[rank]].get().store(pixel); });
}

}  // namespace

void match_ranks(const RankJob& job, const PlaceOrder& order) {
  const ImageView& crop = job.crop;
  if (order.coloured && crop.channels < 3)
    throw std::invalid_argument("crop must have three or four channels for an order by colours");
  if (crop.sample == Sample::u8 && crop.channels == 3) return place_three_bytes(job, order);
  if (crop.sample == Sample::u8 && crop.channels == 1) return place_numbers<std::uint8_t>(job, order);
  if (crop.sample == Sample::u16 && crop.channels == 1) return place_numbers<std::uint16_t>(job, order);
  with_pixel_type(crop.pixel_bytes(), [&](auto pixel) { place_pixels<decltype(pixel)>(job, order); });
}

}  // namespace fastperturb
