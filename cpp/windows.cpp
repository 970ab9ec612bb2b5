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

void check(const Region& region, const Rectangle& box, std::size_t index, Version version) {
  const std::string name = "regions[" + std::to_string(index) + "]";
  if (region.width < 1 || region.height < 1) throw std::invalid_argument(name + " must have at least one pixel");
  if (box.width < 1 || box.height < 1) throw std::invalid_argument(name + " must touch the image");
  if (region.window < 1) throw std::invalid_argument(name + " must have a window of at least 1 pixel");
  if (version == Version::two && std::max(region.width, region.height) > max_side)
    throw std::invalid_argument(name + " must have sides of at most " + std::to_string(max_side));
  if (region.shape == Shape::ellipse && std::max(region.width, region.height) > max_ellipse_side)
    throw std::invalid_argument(name + " must have ellipse sides of at most " + std::to_string(max_ellipse_side));
}

// Whether it is known that no two boxes meet. With many regions it is cheaper to paint them than to compare all pairs.
bool all_apart(const std::vector<Rectangle>& boxes) {
  if (boxes.size() > 64) return false;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
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

// How far from the middle of a side of `length` pixels each of `count` pixels from number `first` on lies:
// floor((2 c + 1 - length)^2 2^30 / length^2), under 2^30, for length up to max_side.
std::vector<std::uint32_t> depths_along(std::int64_t length, std::int64_t first, std::int64_t count) {
  constexpr int bits = 30;
  const std::uint64_t whole = static_cast<std::uint64_t>(length) * static_cast<std::uint64_t>(length);
  std::vector<std::uint32_t> depths;
  depths.reserve(static_cast<std::size_t>(count));
  for (std::int64_t c = first; c < first + count; ++c) {
    const std::int64_t off = 2 * c + 1 - length;
    std::uint64_t rest = static_cast<std::uint64_t>(off * off), depth = 0;  // rest < whole < 2^62
    if (whole >> 34 == 0) {
      depth = (rest << bits) / whole;
    } else {  // the same bit by bit, where the shifted square is too large
      for (int bit = 0; bit < bits; ++bit) {
        rest <<= 1;
        depth <<= 1;
        if (rest >= whole) rest -= whole, ++depth;
      }
    }
    depths.push_back(static_cast<std::uint32_t>(depth));
  }
  return depths;
}

// Paints the regions one over the other, so that the last one stays.
void paint_in_order(const std::vector<Region>& regions, const std::vector<Rectangle>& boxes, Owners& owners) {
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for_each_row(regions[i], boxes[i], [&](std::int64_t y, std::int64_t first, std::int64_t last) {
      const std::int64_t start = (y - owners.box.y) * owners.box.width + (first - owners.box.x);
      if (first < last) std::fill_n(owners.labels.begin() + start, last - first, static_cast<std::uint16_t>(i + 1));
    });
  }
}

// Gives each pixel to the region in which it lies deepest, of several the first.
void paint_by_depth(const std::vector<Region>& regions, const std::vector<Rectangle>& boxes, Owners& owners) {
  std::vector<std::uint32_t> least(owners.labels.size(), ~std::uint32_t{0});
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Rectangle& box = boxes[i];
    const std::vector<std::uint32_t> across = depths_along(regions[i].width, box.x - regions[i].x, box.width);
    const std::vector<std::uint32_t> down = depths_along(regions[i].height, box.y - regions[i].y, box.height);
    for_each_row(regions[i], box, [&](std::int64_t y, std::int64_t first, std::int64_t last) {
      const auto start = static_cast<std::size_t>((y - owners.box.y) * owners.box.width + (first - owners.box.x));
      const std::uint32_t *from = across.data() + (first - box.x), row = down[static_cast<std::size_t>(y - box.y)];
      std::uint32_t* depths = least.data() + start;
      std::uint16_t* labels = owners.labels.data() + start;
      for (std::int64_t c = 0; c < last - first; ++c) {
        const std::uint32_t depth = from[c] + row;
        labels[c] = depth < depths[c] ? static_cast<std::uint16_t>(i + 1) : labels[c];
        depths[c] = std::min(depth, depths[c]);
      }
    });
  }
}

Owners paint(const std::vector<Region>& regions, const std::vector<Rectangle>& boxes, bool apart, Version version) {
  Owners owners{around(boxes), {}};
  owners.labels.assign(static_cast<std::size_t>(owners.box.area()), 0);
  if (version == Version::one || apart)
    paint_in_order(regions, boxes, owners);
  else
    paint_by_depth(regions, boxes, owners);
  return owners;
}

// How many windows there are along a side of the clipped box.
std::int64_t windows_along(std::int64_t length, std::int64_t window, Version version) {
  if (version == Version::one) return (length + window - 1) / window;
  return std::max<std::int64_t>(1, length / window + (length % window >= min_rim ? 1 : 0));
}

}  // namespace

Rectangle Tiling::rectangle(std::int64_t index) const {
  const std::int64_t left = index % columns * window, top = index / columns * window;
  const bool last_column = (index + 1) % columns == 0, last_row = index >= (rows - 1) * columns;
  return {box.x + left, box.y + top, last_column ? box.width - left : window, last_row ? box.height - top : window};
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

std::vector<Rectangle> clip(std::int64_t height, std::int64_t width, const std::vector<Region>& regions,
                            Version version) {
  if (regions.size() > static_cast<std::size_t>(max_regions))
    throw std::invalid_argument("regions must be at most " + std::to_string(max_regions));
  std::vector<Rectangle> boxes;
  std::int64_t covered = 0;
  for (const Region& region : regions) {
    boxes.push_back(clip_one(region, height, width));
    check(region, boxes.back(), boxes.size() - 1, version);
    covered += boxes.back().area();
    if (covered / 16 > height * width + (std::int64_t{1} << 20))
      throw std::invalid_argument("regions must not cover more than 16 images and 2^24 pixels together");
  }
  return boxes;
}

Owners owners_of(std::int64_t height, std::int64_t width, const std::vector<Region>& regions, Version version) {
  const std::vector<Rectangle> boxes = clip(height, width, regions, version);
  if (boxes.empty()) throw std::invalid_argument("regions must hold at least one");
  return paint(regions, boxes, all_apart(boxes), version);
}

std::vector<Tiling> tile(std::int64_t height, std::int64_t width, const std::vector<Region>& regions, Version version) {
  const std::vector<Rectangle> boxes = clip(height, width, regions, version);
  std::shared_ptr<const Owners> owners;
  const bool apart = all_apart(boxes);
  const auto is_box = [](const Region& region) { return region.shape == Shape::box; };
  if (!apart || !std::all_of(regions.begin(), regions.end(), is_box))
    owners = std::make_shared<const Owners>(paint(regions, boxes, apart, version));
  std::vector<Tiling> tilings;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const Rectangle& box = boxes[i];
    const std::int64_t window = std::min(regions[i].window, std::max(box.width, box.height));
    const std::int64_t rows = windows_along(box.height, window, version);
    const std::int64_t columns = windows_along(box.width, window, version);
    Tiling tiling{box, window, rows, columns, owners, static_cast<std::uint16_t>(i + 1), version};
    if (owners && tiling.owned(box) == box.area()) tiling.owners = nullptr;
    tilings.push_back(std::move(tiling));
  }
  return tilings;
}

}  // namespace fastperturb
