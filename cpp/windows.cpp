// Clipping, ownership and tiling of regions.
#include "windows.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace fastperturb {
namespace {

Rectangle clip(const Region& region, std::int64_t height, std::int64_t width) {
  const std::int64_t left = std::max<std::int64_t>(region.x, 0);
  const std::int64_t top = std::max<std::int64_t>(region.y, 0);
  const std::int64_t right = std::min(region.x + region.width, width);
  const std::int64_t bottom = std::min(region.y + region.height, height);
  return {left, top, right - left, bottom - top};
}

bool meet(const Rectangle& a, const Rectangle& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

// Calls visit(y, first, last) for the columns [first, last) of each row of `box` that the region's shape covers. A
// pixel is inside an ellipse when its centre is: ((2i+1-w) h)^2 + ((2j+1-h) w)^2 <= (w h)^2 for column i and row j of
// the whole box, in whole numbers; with sides up to max_ellipse_side the squares fit 64 unsigned bits.
template <typename Visit>
void for_each_row(const Region& region, const Rectangle& box, Visit visit) {
  const auto w = static_cast<std::uint64_t>(region.width), h = static_cast<std::uint64_t>(region.height);
  for (std::int64_t y = box.y; y < box.y + box.height; ++y) {
    std::int64_t first = box.x, last = box.x + box.width;
    if (region.shape == Shape::ellipse) {
      const std::int64_t down = 2 * (y - region.y) + 1 - region.height;
      const auto rise = static_cast<std::uint64_t>(down < 0 ? -down : down);
      const std::uint64_t room = w * w * (h * h - rise * rise);
      const auto inside = [&](std::int64_t x) {
        const std::int64_t right = 2 * (x - region.x) + 1 - region.width;
        const std::uint64_t run = static_cast<std::uint64_t>(right < 0 ? -right : right) * h;
        return run * run <= room;
      };
      while (first < last && !inside(first)) ++first;
      while (first < last && !inside(last - 1)) --last;
    }
    visit(y, first, last);
  }
}

void fill(Tiling& tiling, const Region& region, const Rectangle& covered, std::uint8_t value) {
  const std::int64_t left = tiling.box.x, right = left + tiling.box.width;
  const std::int64_t top = tiling.box.y, bottom = top + tiling.box.height;
  for_each_row(region, covered, [&](std::int64_t y, std::int64_t first, std::int64_t last) {
    first = std::max(first, left), last = std::min(last, right);
    if (y < top || y >= bottom || first >= last) return;
    std::fill_n(tiling.mask.begin() + (y - top) * tiling.box.width + (first - left), last - first, value);
  });
}

void check(const Region& region, const Rectangle& box, std::size_t index) {
  const std::string name = "regions[" + std::to_string(index) + "]";
  if (region.width < 1 || region.height < 1) throw std::invalid_argument(name + " must have at least one pixel");
  if (box.width < 1 || box.height < 1) throw std::invalid_argument(name + " must touch the image");
  if (region.window < 1) throw std::invalid_argument(name + " must have a window of at least 1 pixel");
  if (region.shape == Shape::ellipse && std::max(region.width, region.height) > max_ellipse_side)
    throw std::invalid_argument(name + " must have ellipse sides of at most " + std::to_string(max_ellipse_side));
}

}  // namespace

Rectangle Tiling::rectangle(std::int64_t index) const {
  const std::int64_t left = index % columns * window, top = index / columns * window;
  return {box.x + left, box.y + top, std::min(window, box.width - left), std::min(window, box.height - top)};
}

std::int64_t Tiling::owned(const Rectangle& part) const {
  if (mask.empty()) return part.area();
  std::int64_t sum = 0;
  for (std::int64_t y = part.y; y < part.y + part.height; ++y) {
    const std::uint8_t* row = mask_at(part.x, y);
    for (std::int64_t x = 0; x < part.width; ++x) sum += row[x];
  }
  return sum;
}

std::vector<Tiling> tile(std::int64_t height, std::int64_t width, const std::vector<Region>& regions) {
  std::vector<Rectangle> boxes;
  for (const Region& region : regions) {
    boxes.push_back(clip(region, height, width));
    check(region, boxes.back(), boxes.size() - 1);
  }
  std::vector<Tiling> tilings;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Rectangle& box = boxes[i];
    const std::int64_t window = std::min(regions[i].window, std::max(box.width, box.height));
    Tiling tiling{box, window, (box.height + window - 1) / window, (box.width + window - 1) / window, {}};
    const auto need_mask = [&](std::uint8_t value) {
      if (tiling.mask.empty()) tiling.mask.assign(static_cast<std::size_t>(box.area()), value);
    };
    if (regions[i].shape == Shape::ellipse) {
      need_mask(0);
      fill(tiling, regions[i], box, 1);
    }
    for (std::size_t later = i + 1; later < regions.size(); ++later) {
      if (!meet(box, boxes[later])) continue;
      need_mask(1);
      fill(tiling, regions[later], boxes[later], 0);
    }
    tilings.push_back(std::move(tiling));
  }
  return tilings;
}

}  // namespace fastperturb
