// Rows in, sums down, scores out.
#include "ssim_box.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dispatch.hpp"

namespace fastperturb {
namespace {

constexpr std::int64_t lanes = ssim_lanes, vector_bytes = 2 * lanes, column_ints = 3 * lanes;

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

BoxConstants constants_of(const SsimSettings& settings, const SsimPlan& plan) {
  const auto pixels = static_cast<std::int32_t>((2 * plan.radius + 1) * (2 * plan.radius + 1));
  const double squared = static_cast<double>(pixels) * pixels;
  return {pixels, settings.structure ? no_luminance : static_cast<float>(settings.luminance * squared),
          static_cast<float>(settings.contrast / settings.covariance * squared)};
}

}  // namespace

SsimBox::SsimBox(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile)
    : job_(job),
      plan_(plan),
      kernels_(kernels()),
      source_(job.pair, settings, plan, tile),
      constants_(constants_of(settings, plan)),
      channels_(job.pair.a.channels),
      slots_(2 * plan.radius + 2) {
  const std::int64_t positions = plan.segment + 2 * plan.radius, block = ssim_block_rows * lanes * plan.segment * 4;
  // A power of two between the rows would put them all into the same places of the cache.
  row_bytes_ = (positions * channels_ + 15) * vector_bytes + 64;
  column_ints_ = (positions + 1) * column_ints;
  const std::int64_t columns = channels_ * column_ints_ * 4;
  const std::int64_t bytes = (slots_ + 1) * row_bytes_ + columns + 2 * block + 5 * 64;
  memory_.reset(new std::uint8_t[size(bytes)]);
  void* start = memory_.get();
  std::size_t room = size(bytes);
  auto* next = static_cast<std::uint8_t*>(std::align(64, 1, start, room));
  const auto take = [&next](std::int64_t count) {
    std::uint8_t* taken = next;
    next += (count + 63) / 64 * 64;
    return taken;
  };
  ring_ = take(slots_ * row_bytes_);
  zeros_ = take(row_bytes_);
  columns_ = reinterpret_cast<std::int32_t*>(take(columns));
  select_ = reinterpret_cast<float*>(take(block));
  map_ = reinterpret_cast<float*>(take(block));
  std::memset(zeros_, 0, size(row_bytes_));
  lanes_ = std::make_unique<SsimLanes>(job, plan, source_, select_);
}

// The row that enters the windows at row y, and the one that leaves them; none does while the first windows fill.
BoxRow SsimBox::row_of(std::int64_t y, std::int64_t channel, bool first) const {
  const std::int64_t leaves = y - 2 * plan_.radius - 1;
  const std::uint8_t* out = first ? zeros_ : ring_ + leaves % slots_ * row_bytes_;
  return {ring_ + y % slots_ * row_bytes_ + channel * vector_bytes, out + channel * vector_bytes,
          static_cast<std::ptrdiff_t>(channels_ * vector_bytes), static_cast<int>(plan_.segment),
          static_cast<int>(plan_.radius)};
}

// Fills the first windows, those at row y, but for their last row.
void SsimBox::enter(std::int64_t y) {
  std::fill_n(columns_, channels_ * column_ints_, 0);
  for (std::int64_t row = y; row < y + 2 * plan_.radius; ++row) {
    source_.spread_pairs(row, ring_ + row % slots_ * row_bytes_);
    for (std::int64_t c = 0; c < channels_; ++c)
      kernels_.box_enter(row_of(row, c, true), columns_ + c * column_ints_ + column_ints);
  }
}

void SsimBox::score_block(std::int64_t y, std::int64_t count, double* sums) {
  std::array<std::array<float, lanes>, 4> parts{};
  const std::int64_t plane = lanes * plan_.segment;
  std::array<float, lanes>* part = parts.data();
  const bool first = held_ != y;  // the strip's first window, or the first after some that were skipped
  if (first) enter(y);
  held_ = y + count;
  for (std::int64_t r = 0; r < count; ++r) {
    const std::int64_t row = y + r + 2 * plan_.radius;
    source_.spread_pairs(row, ring_ + row % slots_ * row_bytes_);
    for (std::int64_t c = 0; c < channels_; ++c) {
      source_.prefetch(row, c, channels_);
      kernels_.box_row(row_of(row, c, first && r == 0), constants_, columns_ + c * column_ints_ + column_ints,
                       lanes_->marks(r), job_.map == nullptr ? nullptr : map_ + r * plane, part[c].data());
      if (job_.map != nullptr) lanes_->fill_map(y + r, 1, c, map_ + r * plane);
    }
  }
  for (std::int64_t c = 0; c < channels_; ++c) {
    sums[c] = 0.0;
    for (const float value : part[c]) sums[c] += static_cast<double>(value);
  }
}

void SsimBox::run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres) {
  lanes_->run(first, last, sums, centres,
              [this](std::int64_t y, std::int64_t count, double* to) { score_block(y, count, to); });
}

}  // namespace fastperturb
