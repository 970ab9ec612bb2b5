// Finds where two images differ, and cuts the windows that see it into strips.
#include "ssim_plan.hpp"

#include <algorithm>
#include <cstring>

#include "kernels.hpp"

namespace fastperturb {
namespace {

constexpr std::int64_t lanes = ssim_lanes;

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

std::uint64_t word(const std::uint8_t* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// The first of n bytes that differs; one of them does.
std::int64_t first_difference(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n) {
  std::int64_t i = 0;
  while (i + 8 <= n && word(a + i) == word(b + i)) i += 8;
  while (a[i] == b[i]) ++i;
  return i;
}

// One past the last of n bytes that differs; one of them does.
std::int64_t last_difference(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n) {
  while (n >= 8 && word(a + n - 8) == word(b + n - 8)) n -= 8;
  while (a[n - 1] == b[n - 1]) --n;
  return n;
}

std::int64_t count_in(const SsimJob& job, std::int64_t inset, const Box& centres) {
  const Pair& pair = job.pair;
  if (pair.mask == nullptr) return (centres.bottom - centres.top) * (centres.right - centres.left);
  std::int64_t count = 0;
  for (std::int64_t y = centres.top; y < centres.bottom; ++y) {
    const std::uint8_t* mask = pair.mask + (y + inset) * pair.mask_row_bytes + inset;
    count += std::count_if(mask + centres.left, mask + centres.right, [](std::uint8_t value) { return value != 0; });
  }
  return count;
}

// Sums of up to 225 squares of at most 273 are whole numbers under 2^24, exact in float in whatever order; a larger
// window or larger samples need filters.
bool sums_are_exact(const Pair& pair, const SsimSettings& settings) {
  return settings.uniform && !settings.terms && pair.a.element == Element::u8 && settings.weights.size() <= 8;
}

// Sums of a uniform window of up to 11 x 11 bytes fit 32 bits as whole numbers, and the constants must be far from the
// ends of float's range.
bool fits_boxes(const Pair& pair, const SsimSettings& settings) {
  const auto usual = [](double constant) { return 1e-12 <= constant && constant <= 1e12; };
  return sums_are_exact(pair, settings) && settings.weights.size() <= 6 && usual(settings.luminance) &&
         usual(settings.contrast);
}

}  // namespace

Box differing_box(const Pair& pair, std::int64_t first, std::int64_t last) {
  const auto pixel = static_cast<std::int64_t>(pair.a.pixel_bytes()), row = pair.a.width * pixel;
  const auto differs = [&](std::int64_t y, std::int64_t from, std::int64_t until) {
    return until > from && std::memcmp(pair.a.at(y, 0) + from, pair.b.at(y, 0) + from, size(until - from)) != 0;
  };
  Box box{first, last, row, 0};
  while (box.top < box.bottom && !differs(box.top, 0, row)) ++box.top;
  while (box.top < box.bottom && !differs(box.bottom - 1, 0, row)) --box.bottom;
  for (std::int64_t y = box.top; y < box.bottom && (box.left > 0 || box.right < row); ++y) {
    const std::uint8_t *a = pair.a.at(y, 0), *b = pair.b.at(y, 0);
    if (differs(y, 0, box.left)) box.left = first_difference(a, b, box.left);
    if (differs(y, box.right, row)) box.right += last_difference(a + box.right, b + box.right, row - box.right);
  }
  box.left = box.left / pixel;
  box.right = (box.right + pixel - 1) / pixel;
  return box;
}

Box united(const Box& a, const Box& b) {
  if (a.bottom <= a.top) return b;
  if (b.bottom <= b.top) return a;
  return {std::min(a.top, b.top), std::max(a.bottom, b.bottom), std::min(a.left, b.left), std::max(a.right, b.right)};
}

SsimPlan plan_of(const SsimJob& job, const SsimSettings& settings, const Box& differing) {
  SsimPlan plan{};
  const Samples& image = job.pair.a;
  plan.radius = static_cast<std::int64_t>(settings.weights.size()) - 1;
  plan.border = settings.whole ? plan.radius : 0;
  const std::int64_t inset = plan.radius - plan.border;
  plan.all_height = image.height - 2 * inset;
  plan.all_width = image.width - 2 * inset;
  plan.values = image.channels * (settings.terms ? ssim_values : 1);
  plan.boxed = fits_boxes(job.pair, settings);
  plan.summed = !plan.boxed && sums_are_exact(job.pair, settings);
  // A centre's window reaches `radius` pixels to either side of pixel centre + inset.
  Box centres;
  if (differing.bottom > differing.top) {
    centres.top = std::clamp<std::int64_t>(differing.top - inset - plan.radius, 0, plan.all_height);
    centres.bottom = std::clamp<std::int64_t>(differing.bottom - inset + plan.radius, 0, plan.all_height);
    centres.left = std::clamp<std::int64_t>(differing.left - inset - plan.radius, 0, plan.all_width);
    centres.right = std::clamp<std::int64_t>(differing.right - inset + plan.radius, 0, plan.all_width);
  }
  plan.top = centres.top, plan.height = centres.bottom - centres.top;
  plan.left = centres.left, plan.width = centres.right - centres.left;
  plan.equal_centres = count_in(job, inset, {0, plan.all_height, 0, plan.all_width}) - count_in(job, inset, centres);
  if (plan.height == 0 || plan.width == 0) return plan;
  // Longer segments spread fewer pixels twice; shorter ones keep the ring of filtered rows in the first cache, where it
  // has room for one channel only.
  const std::int64_t shortest = image.channels == 1 && !plan.summed ? 8 : 16;
  const std::int64_t longest = plan.boxed         ? 24
                               : plan.radius <= 5 ? shortest
                                                  : std::clamp<std::int64_t>(2 * plan.radius, shortest, 32);
  const std::int64_t wanted = (plan.width + lanes * longest - 1) / (lanes * longest);
  plan.segment = ((plan.width + wanted - 1) / wanted + lanes - 1) / lanes;
  plan.tiles = (plan.width + lanes * plan.segment - 1) / (lanes * plan.segment);
  plan.blocks = (plan.height + ssim_block_rows - 1) / ssim_block_rows;
  return plan;
}

}  // namespace fastperturb
