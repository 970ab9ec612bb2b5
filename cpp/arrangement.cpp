// The walk of version 2. Where all pixels of a window are drawn their raster order is the sorted order; otherwise a
// bitmap of the drawn places gives it.
#include "arrangement.hpp"

#include <algorithm>
#include <cstring>

#include "pixel.hpp"

namespace fastperturb {
namespace {

constexpr std::uint32_t word_bits = 64;

std::uint32_t lowest_bit(std::uint64_t word) {
#if defined(__GNUC__)
  return static_cast<std::uint32_t>(__builtin_ctzll(word));
#else
  std::uint32_t bit = 0;
  while ((word >> bit & 1) == 0) ++bit;
  return bit;
#endif
}

// Calls visit(i, j) for i = 0 .. count, j the position of the i-th element in what is left of a Fisher-Yates shuffle:
// it and the element at i are to change places.
template <typename Visit>
void for_each_draw(std::uint32_t count, WindowDraws& source, const Visit& visit) {
  std::uint32_t draws[draws_at_once];
  for (std::uint32_t first = 0; first < count; first += draws_at_once) {
    const std::uint32_t n = std::min(draws_at_once, count - first);
    source.draw(first, n, draws);
    for (std::uint32_t i = 0; i < n; ++i) visit(first + i, first + i + draws[i]);
  }
}

// A pixel at rest: in a word of its own where one is large enough, which loads and stores faster than its parts.
template <typename PixelType>
struct Rest {
  PixelType pixel;
};

template <typename PixelType>
void arrange_all(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  auto* rest = reinterpret_cast<PixelType*>(room.pixels.get());
  const std::uint32_t* offsets = window.offsets;
  for (std::uint32_t i = 0; i < window.owned; ++i) rest[i] = PixelType::load(window.base + offsets[i]);
  if (!inverse) {
    for_each_draw(window.count, draws, [=](std::uint32_t i, std::uint32_t j) {
      const PixelType drawn = rest[j];
      rest[j] = rest[i];
      drawn.store(window.base + offsets[i]);
    });
    return;
  }
  std::uint32_t* order = room.order.get();
  std::memcpy(order, offsets, window.owned * sizeof(order[0]));
  for_each_draw(window.count, draws, [=](std::uint32_t i, std::uint32_t j) {
    const std::uint32_t offset = order[j];
    order[j] = order[i];
    rest[i].store(window.base + offset);
  });
}

// Calls visit(j, place) for j = 0, 1, ... and the places that are marked, lowest first.
template <typename Visit>
void for_each_marked(const std::uint64_t* marks, std::uint32_t words, const Visit& visit) {
  std::uint32_t j = 0;
  for (std::uint32_t w = 0; w < words; ++w)
    for (std::uint64_t word = marks[w]; word != 0; word &= word - 1) visit(j++, w * word_bits + lowest_bit(word));
}

template <typename PixelType>
void arrange_some(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  auto* rest = reinterpret_cast<PixelType*>(room.pixels.get());
  std::uint32_t* order = room.order.get();
  std::uint64_t* marks = room.drawn.get();
  const std::uint32_t* offsets = window.offsets;
  const std::uint32_t words = (window.owned + word_bits - 1) / word_bits;
  for (std::uint32_t i = 0; i < window.owned; ++i) order[i] = i;
  std::fill_n(marks, words, std::uint64_t{0});
  for_each_draw(window.count, draws, [=](std::uint32_t i, std::uint32_t j) {
    const std::uint32_t place = order[j];
    order[j] = order[i];
    marks[place / word_bits] |= std::uint64_t{1} << place % word_bits;
    if (inverse)
      order[i] = place;
    else
      rest[i] = PixelType::load(window.base + offsets[place]);
  });
  if (!inverse) {
    for_each_marked(marks, words,
                    [=](std::uint32_t j, std::uint32_t place) { rest[j].store(window.base + offsets[place]); });
    return;
  }
  for_each_marked(marks, words, [=](std::uint32_t j, std::uint32_t place) {
    rest[j] = PixelType::load(window.base + offsets[place]);
  });
  for (std::uint32_t i = 0; i < window.count; ++i) rest[i].store(window.base + offsets[order[i]]);
}

}  // namespace

ArrangementRoom::ArrangementRoom(std::uint32_t most_owned)
    : order(unwritten<std::uint32_t>(most_owned)),
      drawn(unwritten<std::uint64_t>(most_owned / word_bits + 1)),
      pixels(unwritten<std::uint8_t>(std::size_t{most_owned} * most_pixel_bytes)) {}

void arrange(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  with_pixel_type(window.pixel_bytes, [&](auto pixel) {
    const auto move = window.count == window.owned ? arrange_all<decltype(pixel)> : arrange_some<decltype(pixel)>;
    move(window, inverse, draws, room);
  });
}

}  // namespace fastperturb
