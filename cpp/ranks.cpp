// Ranks of pixels and of places by sorting words that hold a key above what it belongs to, and the move.
#include "ranks.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "pixel.hpp"
#include "radix_sort.hpp"
#include "rank_keys.hpp"
#include "rank_members.hpp"
#include "tie_words.hpp"

namespace fastperturb {
namespace {

constexpr int upper_half = 32;

// Where part number `part` of `parts` parts of equal count begins.
std::uint32_t cut(std::uint32_t count, std::uint32_t part, std::uint32_t parts) {
  return static_cast<std::uint32_t>(std::uint64_t{count} * part / parts);
}

// Calls visit(number of the first member, how many) for each label that has members.
template <typename Visit>
void for_each_label(const Members& members, const Visit& visit) {
  for (std::size_t label = 0; label < 256; ++label) {
    const std::uint32_t start = members.label_starts[label], count = members.label_starts[label + 1] - start;
    if (count > 0) visit(start, count);
  }
}

// Words that are sorted, and room for sorting them.
class Ranking {
 public:
  explicit Ranking(std::uint32_t count)
      : items_(unwritten<std::uint64_t>(count)), spare_(unwritten<std::uint64_t>(count + colour_blocks)) {}
  std::uint64_t* items() const { return items_.get(); }
  // What the word of a rank says besides its key.
  std::uint32_t at(std::uint32_t rank) const { return static_cast<std::uint32_t>(items_[rank]); }

  // By the upper halves of the words, of which there is one for each member; label by label.
  void sort(const Members& members, int bits) {
    for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
      radix_sort(items() + start, spare_.get(), count, upper_half, bits);
    });
  }

  // Cuts members, in order of rank, into colour_blocks of equal count, each block in order of its tint (equal ones in
  // order of rank) into tint_parts, and puts each part back into order of rank.
  void part_by_tint(std::uint32_t start, std::uint32_t count, const Keys& tints) {
    for (std::uint32_t block = 0; block < colour_blocks; ++block) {
      const std::uint32_t first = cut(count, block, colour_blocks);
      part_block(start + first, cut(count, block + 1, colour_blocks) - first, tints);
    }
  }

 private:
  void part_block(std::uint32_t start, std::uint32_t count, const Keys& tints) {
    std::uint64_t *items = items_.get() + start, *work = spare_.get(), *room = work + count;
    for (std::uint32_t rank = 0; rank < count; ++rank)
      work[rank] = std::uint64_t{tints.values[static_cast<std::uint32_t>(items[rank])]} << upper_half | rank;
    radix_sort(work, room, count, upper_half, tints.bits);
    std::array<std::uint32_t, tint_parts> next;
    for (std::uint32_t part = 0; part < tint_parts; ++part) {
      next[part] = cut(count, part, tint_parts);
      for (std::uint32_t i = next[part], end = cut(count, part + 1, tint_parts); i < end; ++i)
        room[static_cast<std::uint32_t>(work[i])] = part;
    }
    for (std::uint32_t rank = 0; rank < count; ++rank) work[next[room[rank]]++] = items[rank];
    std::copy_n(work, count, items);
  }

  Buffer<std::uint64_t> items_;
  Buffer<std::uint64_t> spare_;
};

// The places in order of rank: each word's lower half is an offset in bytes from the first one of `out`.
Ranking rank_places(const RankJob& job, const Members& members, bool colours, const Key& key) {
  Ranking ranking(members.count);
  const Keys luminance = luminance_keys(job.ground, members);
  std::uint64_t* items = ranking.items();
  const auto offset_of = [&](const std::uint8_t* pixel) { return static_cast<std::uint32_t>(pixel - job.out.data); };
  members.for_each_pixel(job.out, [&](std::uint32_t member, const std::uint8_t* pixel) {
    items[member] = std::uint64_t{luminance.values[member]} << upper_half | (colours ? member : offset_of(pixel));
  });
  ranking.sort(members, luminance.bits);
  const Keys tints = colours ? tint_keys(job.ground, members) : Keys{};
  TieWords words(key);
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    shuffle_ties(items + start, count, words);
    if (colours) ranking.part_by_tint(start, count, tints);
  });
  if (!colours) return ranking;
  Buffer<std::uint32_t> offsets = unwritten<std::uint32_t>(members.count);
  members.for_each_pixel(job.out,
                         [&](std::uint32_t member, const std::uint8_t* pixel) { offsets[member] = offset_of(pixel); });
  for (std::uint32_t rank = 0; rank < members.count; ++rank) items[rank] = offsets[ranking.at(rank)];
  return ranking;
}

// Puts pixels of three bytes at the ranked places. Luminance, red and green say which pixel it is, so that they alone
// are sorted.
void place_three_bytes(const RankJob& job, const Members& members, const Ranking& places) {
  Buffer<std::uint32_t> items = unwritten<std::uint32_t>(members.count),
                        spare = unwritten<std::uint32_t>(members.count);
  members.for_each_pixel(job.crop, [&](std::uint32_t member, const std::uint8_t* pixel) {
    const std::uint32_t red = pixel[0], green = pixel[1], blue = pixel[2];
    items[member] = (77 * red + 150 * green + 29 * blue) << 16 | red << 8 | green;
  });
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    radix_sort(items.get() + start, spare.get(), count, 0, 32);
  });
  for (std::uint32_t rank = 0; rank < members.count; ++rank) {
    const std::uint32_t item = items[rank], red = item >> 8 & 255, green = item & 255;
    const std::uint32_t blue = ((item >> 16) - 77 * red - 150 * green) / 29;
    std::uint8_t* to = job.out.data + places.at(rank);
    to[0] = static_cast<std::uint8_t>(red), to[1] = static_cast<std::uint8_t>(green);
    to[2] = static_cast<std::uint8_t>(blue);
  }
}

// Puts the pixels at the ranked places, those of equal luminance in order of their bytes.
template <typename PixelType>
void place_pixels(const RankJob& job, const Members& members, const Ranking& places, bool colours) {
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
  Ranking ranking(members.count);
  const Keys luminance = luminance_keys(crop, members);
  for (std::uint32_t member = 0; member < members.count; ++member)
    ranking.items()[member] = std::uint64_t{luminance.values[member]} << upper_half | member;
  ranking.sort(members, luminance.bits);
  const Keys tints = colours ? tint_keys(crop, members) : Keys{};
  for_each_label(members, [&](std::uint32_t start, std::uint32_t count) {
    std::uint64_t *first = ranking.items() + start, *last = first + count;
    while (first < last) {
      std::uint64_t* end = first + 1;
      while (end < last && *end >> upper_half == *first >> upper_half) ++end;
      if (end - first > 1 && bytes > 1) std::sort(first, end, before);
      first = end;
    }
    if (colours) ranking.part_by_tint(start, count, tints);
  });
  for (std::uint32_t rank = 0; rank < members.count; ++rank)
    pixels[ranking.at(rank)].get().store(job.out.data + places.at(rank));
}

}  // namespace

void match_ranks(const RankJob& job, const Key& key) {
  if (job.out.height * job.out.row_bytes >> 32 != 0)
    throw std::invalid_argument("the rows of a crop must span less than 4 GiB");
  const Members members(job.crop.height, job.crop.width, job.mask, job.labels);
  const bool colours = job.colours && job.crop.channels > 2 && job.ground.channels > 2;
  const Ranking places = rank_places(job, members, colours, key);
  if (job.crop.pixel_bytes() == 3 && !colours) return place_three_bytes(job, members, places);
  with_pixel_type(job.crop.pixel_bytes(),
                  [&](auto pixel) { place_pixels<decltype(pixel)>(job, members, places, colours); });
}

}  // namespace fastperturb
