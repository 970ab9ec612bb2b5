// The pixels of a crop that are ranked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image.hpp"

namespace fastperturb {

// Members with consecutive numbers that lie side by side in a row.
struct Run {
  std::uint32_t row, column, length;
  std::uint32_t first;  // number of its first member
};

// Members are numbered by label, those of one label in raster order.
struct Members {
  // Of a crop of `height` times `width` pixels: those that the mask names, or all; labels may be none. Throws
  // std::invalid_argument for 2^31 pixels or more.
  Members(std::int64_t height, std::int64_t width, const std::uint8_t* mask, const std::uint8_t* labels);

  std::uint32_t count = 0;
  std::vector<Run> runs;                        // in raster order
  std::array<std::uint32_t, 257> label_starts;  // how many members have a label under 0, 1, ...

  // Calls visit(member, first byte of its pixel) for all of them, in raster order.
  template <typename Visit>
  void for_each_pixel(const ImageView& image, const Visit& visit) const {
    const std::size_t bytes = image.pixel_bytes();
    for (const Run& run : runs) {
      std::uint8_t* pixel = image.at(run.row, run.column);
      for (std::uint32_t i = 0; i < run.length; ++i, pixel += bytes) visit(run.first + i, pixel);
    }
  }

  // Calls visit(number of the first member, how many) for each label that has members.
  template <typename Visit>
  void for_each_label(const Visit& visit) const {
    for (std::size_t label = 0; label < 256; ++label) {
      const std::uint32_t start = label_starts[label], members = label_starts[label + 1] - start;
      if (members > 0) visit(start, members);
    }
  }
};

}  // namespace fastperturb
