// Regions of an image cut into windows: which pixels a region owns, and which window each of them lies in.
#pragma once

#include <cstdint>
#include <vector>

#include "image.hpp"

namespace fastperturb {

struct Rectangle {
  std::int64_t x;
  std::int64_t y;
  std::int64_t width;
  std::int64_t height;

  std::int64_t area() const { return width * height; }
};

// One region after clipping to the image, tiled by square windows from its top-left corner, in raster order; the
// windows at the far edges are smaller. A pixel covered by several regions belongs to the last one listed.
struct Tiling {
  Rectangle box;
  std::int64_t window;
  std::int64_t rows;
  std::int64_t columns;
  std::vector<std::uint8_t>
      mask;  // box.height rows of box.width: 1 where the region owns; empty: it owns all of its box

  std::int64_t count() const { return rows * columns; }
  Rectangle rectangle(std::int64_t index) const;
  const std::uint8_t* mask_at(std::int64_t x, std::int64_t y) const {
    return mask.data() + (y - box.y) * box.width + (x - box.x);
  }
  std::int64_t owned(const Rectangle& part) const;

  // Calls visit(x, y, run) for each run of owned pixels of a part of the box, in raster order.
  template <typename Visit>
  void for_each_run(const Rectangle& part, Visit visit) const {
    for (std::int64_t y = part.y; y < part.y + part.height; ++y) {
      if (mask.empty()) {
        visit(part.x, y, part.width);
        continue;
      }
      const std::uint8_t* row = mask_at(part.x, y);
      for (std::int64_t x = 0; x < part.width;) {
        std::int64_t end = x;
        while (end < part.width && row[end] != 0) ++end;
        if (end > x) visit(part.x + x, y, end - x);
        x = end + 1;
      }
    }
  }
};

// Throws std::invalid_argument for a region without pixels inside the image, an ellipse side over max_ellipse_side, or
// a window under 1 pixel.
std::vector<Tiling> tile(std::int64_t height, std::int64_t width, const std::vector<Region>& regions);

}  // namespace fastperturb
