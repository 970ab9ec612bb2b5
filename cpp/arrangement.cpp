// The walk of version 2. Where all pixels of a window are drawn their raster order is the sorted order; otherwise
// marks on the drawn places give it.
#include "arrangement.hpp"

#include <algorithm>
#include <cstring>

#include "pixel.hpp"

namespace fastperturb {
namespace {

// What pick_marked() may overwrite beyond what it picks.
constexpr std::size_t beyond_picked = 16;

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

template <typename PixelType>
void arrange_all(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  auto* kept = reinterpret_cast<Kept<PixelType>*>(room.pixels.get());
  std::uint8_t* base = window.base;
  const std::uint32_t* offsets = window.offsets;
  const std::uint32_t owned = window.owned;
  for (std::uint32_t i = 0; i < owned; ++i) kept[i] = Kept<PixelType>::of(PixelType::load(base + offsets[i]));
  if (!inverse) {
    for_each_draw(window.count, draws, [=](std::uint32_t i, std::uint32_t j) {
      const Kept<PixelType> drawn = kept[j];
      kept[j] = kept[i];
      drawn.get().store(base + offsets[i]);
    });
    return;
  }
  std::uint32_t* order = room.order.get();
  std::memcpy(order, offsets, owned * sizeof(order[0]));
  for_each_draw(window.count, draws, [=](std::uint32_t i, std::uint32_t j) {
    const std::uint32_t offset = order[j];
    order[j] = order[i];
    kept[i].get().store(base + offset);
  });
}

template <typename PixelType>
void arrange_some(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  auto* kept = reinterpret_cast<Kept<PixelType>*>(room.pixels.get());
  std::uint8_t *base = window.base, *marks = room.marks.get();
  const std::uint32_t *offsets = window.offsets, owned = window.owned, count = window.count;
  std::uint32_t *order = room.order.get(), *sorted = room.sorted.get();
  for (std::uint32_t i = 0; i < owned; ++i) order[i] = i;
  std::memset(marks, 0, owned);
  const auto draw = [=](std::uint32_t i, std::uint32_t j) {
    const std::uint32_t place = order[j];
    order[j] = order[i];
    marks[place] = 1;
    return offsets[place];
  };
  if (!inverse) {
    for_each_draw(count, draws, [=](std::uint32_t i, std::uint32_t j) {
      kept[i] = Kept<PixelType>::of(PixelType::load(base + draw(i, j)));
    });
    room.kernels->pick_marked(marks, offsets, owned, sorted);
    for (std::uint32_t i = 0; i < count; ++i) kept[i].get().store(base + sorted[i]);
    return;
  }
  for_each_draw(count, draws, [=](std::uint32_t i, std::uint32_t j) { order[i] = draw(i, j); });
  room.kernels->pick_marked(marks, offsets, owned, sorted);
  for (std::uint32_t i = 0; i < count; ++i) kept[i] = Kept<PixelType>::of(PixelType::load(base + sorted[i]));
  for (std::uint32_t i = 0; i < count; ++i) kept[i].get().store(base + order[i]);
}

}  // namespace

ArrangementRoom::ArrangementRoom(const Kernels& table, std::uint32_t most_owned, std::size_t most_bytes)
    : kernels(&table),
      order(unwritten<std::uint32_t>(most_owned)),
      sorted(unwritten<std::uint32_t>(most_owned + beyond_picked)),
      marks(unwritten<std::uint8_t>(most_owned)),
      pixels(unwritten<std::uint8_t>(most_bytes)) {}

void arrange(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room) {
  with_pixel_type(window.pixel_bytes, [&](auto pixel) {
    static_assert(sizeof(Kept<decltype(pixel)>) <= most_pixel_bytes);
    const auto move = window.count == window.owned ? arrange_all<decltype(pixel)> : arrange_some<decltype(pixel)>;
    move(window, inverse, draws, room);
  });
}

}  // namespace fastperturb
