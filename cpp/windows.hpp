// Regions of an image cut into windows: which pixels a region owns, and which window each of them lies in.
#pragma once

#include <cstdint>
#include <memory>
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

// Which region owns each pixel, for the box around all regions: the region's index + 1, or 0.
struct Owners {
  Rectangle box;
  std::vector<std::uint16_t> labels;
  const std::uint16_t* at(std::int64_t x, std::int64_t y) const {
    return labels.data() + (y - box.y) * box.width + (x - box.x);
  }
};

// The least width of a last column, and height of a last row, that version 2 leaves to itself.
constexpr std::int64_t min_rim = 3;

// One region after clipping to the image, tiled by square windows from its top-left corner, in raster order. At the far
// edges they are smaller; in version 2 what would be narrower than min_rim belongs to the window before it.
struct Tiling {
  Rectangle box;
  std::int64_t window;
  std::int64_t rows;
  std::int64_t columns;
  std::shared_ptr<const Owners> owners;  // none: the region owns all of its box
  std::uint16_t label;
  Version version;

  std::int64_t count() const { return rows * columns; }
  // By how much a window's side can be over `window`.
  std::int64_t most_joined() const { return version == Version::one ? 0 : min_rim - 1; }
  Rectangle rectangle(std::int64_t index) const;
  std::int64_t owned(const Rectangle& part) const;

  // Calls visit(x, y, run) for each run of owned pixels of a part of the box, in raster order.
  template <typename Visit>
  void for_each_run(const Rectangle& part, Visit visit) const {
    for (std::int64_t y = part.y; y < part.y + part.height; ++y) {
      if (!owners) {
        visit(part.x, y, part.width);
        continue;
      }
      const std::uint16_t* row = owners->at(part.x, y);
      for (std::int64_t x = 0; x < part.width;) {
        std::int64_t end = x;
        while (end < part.width && row[end] == label) ++end;
        if (end > x) visit(part.x + x, y, end - x);
        x = end + 1;
      }
    }
  }
};

// Throws std::invalid_argument for more than max_regions regions, one without pixels inside the image, an ellipse side
// over max_ellipse_side, in version 2 any side over max_side, a window under 1 pixel, or boxes that together cover more
// than 16 images and 2^24 pixels: a bound on the work and the memory that a hostile list of regions can ask for.
std::vector<Rectangle> clip(std::int64_t height, std::int64_t width, const std::vector<Region>& regions,
                            Version version);

// Which region owns which pixel, for at least one region; throws as clip() does. A pixel that several regions cover
// belongs to the last one listed in version 1, in version 2 to the one in whose own ellipse it lies deepest.
Owners owners_of(std::int64_t height, std::int64_t width, const std::vector<Region>& regions, Version version);

// The tilings of the regions; throws as clip() does.
std::vector<Tiling> tile(std::int64_t height, std::int64_t width, const std::vector<Region>& regions, Version version);

}  // namespace fastperturb
