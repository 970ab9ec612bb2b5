// Clipping, ownership and tiling of regions.
#include "windows.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace fastperturb {
namespace {

Rectangle clip_one(const Region& region, std::int64_t height, std::int64_t width) {
  const std::int64_t left = std::max<std::int64_t>(region.x, 0);
  const std::int64_t top = std::max<std::int64_t>(region.y, 0);
  const std::int64_t right = std::min(region.x + region.width, width);
  const std::int64_t bottom = std::min(region.y + region.height, height);
  return {left, top, right - left, bottom - top};
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

void check(const Region& region, const Rectangle& box, std::size_t index) {
  const std::string name = "regions[" + std::to_string(index) + "]";
  if (region.width < 1 || region.height < 1) throw std::invalid_argument(name + " must have at least one pixel");
  if (box.width < 1 || box.height < 1) throw std::invalid_argument(name + " must touch the image");
  if (region.window < 1) throw std::invalid_argument(name + " must have a window of at least 1 pixel");
  if (region.shape == Shape::ellipse && std::max(region.width, region.height) > max_ellipse_side)
    throw std::invalid_argument(name + " must have ellipse sides of at most " + std::to_string(max_ellipse_side));
}

// Whether each region has all of its box for itself: only boxes, and no two of them meet. With many regions it is
// cheaper to paint them than to compare all pairs.
bool all_alone(const std::vector<Region>& regions, const std::vector<Rectangle>& boxes) {
  if (regions.size() > 64) return false;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (regions[i].shape != Shape::box) return false;
    for (std::size_t j = 0; j < i; ++j) {
      const Rectangle &a = boxes[i], &b = boxes[j];
      if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) return false;
    }
  }
  return true;
}

Rectangle around(const std::vector<Rectangle>& boxes) {
  Rectangle all = boxes.front();
  for (const Rectangle& box : boxes) {
    const std::int64_t right = std::max(all.x + all.width, box.x + box.width);
    const std::int64_t bottom = std::max(all.y + all.height, box.y + box.height);
    all.x = std::min(all.x, box.x), all.y = std::min(all.y, box.y);
    all.width = right - all.x, all.height = bottom - all.y;
  }
  return all;
}

// Paints the regions one over the other, so that the last one stays.
std::shared_ptr<const Owners> paint(const std::vector<Region>& regions, const std::vector<Rectangle>& boxes) {
  auto owners = std::make_shared<Owners>();
  owners->box = around(boxes);
  owners->labels.assign(static_cast<std::size_t>(owners->box.area()), 0);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for_each_row(regions[i], boxes[i], [&](std::int64_t y, std::int64_t first, std::int64_t last) {
      const std::int64_t start = (y - owners->box.y) * owners->box.width + (first - owners->box.x);
      if (first < last) std::fill_n(owners->labels.begin() + start, last - first, static_cast<std::uint16_t>(i + 1));
    });
  }
  return owners;
}

}  // namespace

Rectangle Tiling::rectangle(std::int64_t index) const {
  const std::int64_t left = index % columns * window, top = index / columns * window;
  return {box.x + left, box.y + top, std::min(window, box.width - left), std::min(window, box.height - top)};
}

std::int64_t Tiling::owned(const Rectangle& part) const {
  if (!owners) return part.area();
  std::int64_t sum = 0;
  for (std::int64_t y = part.y; y < part.y + part.height; ++y) {
    const std::uint16_t* row = owners->at(part.x, y);
    for (std::int64_t x = 0; x < part.width; ++x) sum += row[x] == label;
  }
  return sum;
}

std::vector<Rectangle> clip(std::int64_t height, std::int64_t width, const std::vector<Region>& regions) {
  if (regions.size() > static_cast<std::size_t>(max_regions))
    throw std::invalid_argument("regions must be at most " + std::to_string(max_regions));
  std::vector<Rectangle> boxes;
  std::int64_t covered = 0;
  for (const Region& region : regions) {
    boxes.push_back(clip_one(region, height, width));
    check(region, boxes.back(), boxes.size() - 1);
    covered += boxes.back().area();
    if (covered / 16 > height * width + (std::int64_t{1} << 20))
      throw std::invalid_argument("regions must not cover more than 16 images and 2^24 pixels together");
  }
  return boxes;
}

std::vector<Tiling> tile(std::int64_t height, std::int64_t width, const std::vector<Region>& regions) {
  const std::vector<Rectangle> boxes = clip(height, width, regions);
  std::shared_ptr<const Owners> owners;
  if (!all_alone(regions, boxes)) owners = paint(regions, boxes);
  std::vector<Tiling> tilings;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Rectangle& box = boxes[i];
    const std::int64_t window = std::min(regions[i].window, std::max(box.width, box.height));
    const std::int64_t rows = (box.height + window - 1) / window, columns = (box.width + window - 1) / window;
    Tiling tiling{box, window, rows, columns, owners, static_cast<std::uint16_t>(i + 1)};
    if (owners && tiling.owned(box) == box.area()) tiling.owners = nullptr;
    tilings.push_back(std::move(tiling));
  }
  return tilings;
}

}  // namespace fastperturb
