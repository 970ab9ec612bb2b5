// The pixels of a crop that are ranked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image.hpp"
#include "keystream.hpp"

namespace fastperturb {

// Members are numbered by label, those of one label in raster order.
struct Members {
  // Of a crop of `height` times `width` pixels: those that the mask names, or all; labels may be none. Throws
  // std::invalid_argument for 2^31 pixels or more.
  Members(std::int64_t height, std::int64_t width, const std::uint8_t* mask, const std::uint8_t* labels);

  std::uint32_t width;
  std::uint32_t count = 0;
  Buffer<std::uint32_t> places;                 // row * width + column; none: members are all pixels in raster order
  std::array<std::uint32_t, 257> label_starts;  // how many members have a label under 0, 1, ...

  // Calls visit(member, row, column) for all of them.
  template <typename Visit>
  void for_each_place(const Visit& visit) const {
    std::uint32_t row = 0, left = 0;  // the place of the row's first pixel
    if (!places) {
      for (std::uint32_t i = 0; i < count; ++row)
        for (std::uint32_t column = 0; column < width; ++column, ++i) visit(i, row, column);
      return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (places[i] < left) row = left = 0;  // the next label begins
      while (places[i] - left >= width) left += width, ++row;
      visit(i, row, places[i] - left);
    }
  }

  // Calls visit(member, first byte of its pixel) for all of them.
  template <typename Visit>
  void for_each_pixel(const ImageView& image, const Visit& visit) const {
    const std::size_t bytes = image.pixel_bytes();
    for_each_place([&](std::uint32_t member, std::uint32_t row, std::uint32_t column) {
      visit(member, image.at(row, 0) + column * bytes);
    });
  }
};

}  // namespace fastperturb
