// How the drawn pixels of a window move in version 2: a uniform arrangement of them, fixed points included.
#pragma once

#include <cstddef>
#include <cstdint>

#include "keystream.hpp"

namespace fastperturb {

// Room that one thread needs for windows that own up to `most_owned` pixels, which with their padding to a power of two
// take up to `most_bytes`.
struct ArrangementRoom {
  ArrangementRoom(const Kernels& kernels, std::uint32_t most_owned, std::size_t most_bytes);

  const Kernels* kernels;
  Buffer<std::uint32_t> order;   // places, or their offsets, as they are drawn
  Buffer<std::uint32_t> sorted;  // offsets of the drawn places
  Buffer<std::uint8_t> marks;    // 1 for each drawn place, 0 for the others
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

// What a pixel of so many bytes takes in the room.
constexpr std::size_t padded_bytes(std::size_t pixel_bytes) {
  std::size_t padded = 1;
  while (padded < pixel_bytes) padded *= 2;
  return padded;
}

// With p_0, p_1, ... the drawn places in the order in which they are drawn (a partial Fisher-Yates shuffle) and
// d_0 < d_1 < ... the same places in raster order: moves the pixel at p_j to d_j, or back.
void arrange(const WindowPixels& window, bool inverse, WindowDraws& draws, ArrangementRoom& room);

}  // namespace fastperturb
