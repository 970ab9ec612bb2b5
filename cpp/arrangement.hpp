// How the drawn pixels of a window move in version 2: a uniform arrangement of them, fixed points included.
#pragma once

#include <cstddef>
#include <cstdint>

#include "keystream.hpp"

namespace fastperturb {

// Room that one thread needs for windows that own up to `most_owned` pixels.
struct ArrangementRoom {
  explicit ArrangementRoom(std::uint32_t most_owned);

  Buffer<std::uint32_t> order;
  Buffer<std::uint64_t> drawn;
  Buffer<std::uint8_t> pixels;
};

// The pixels that a window owns, and how many of them are drawn.
struct WindowPixels {
  std::uint8_t* base;            // what the offsets are from
  const std::uint32_t* offsets;  // in bytes, in raster order
  std::size_t pixel_bytes;
  std::uint32_t owned;
  std::uint32_t count;  // at most `owned`
};

// With p_0, p_1, ... the drawn places in the order in which they are drawn (a partial Fisher-Yates shuffle) and
// d_0 < d_1 < ... the same places in raster order: moves the pixel at p_j to d_j, or back.
void arrange(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room);

}  // namespace fastperturb
