// Marks and maps of a strip.
#include "ssim_lanes.hpp"

namespace fastperturb {
namespace {

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

SsimLanes::SsimLanes(const SsimJob& job, const SsimPlan& plan, SsimSource& source, float* select)
    : job_(job), plan_(plan), source_(source), select_(select), floats_(size(ssim_lanes * plan.segment)) {
  for (std::int64_t r = 0; r < ssim_block_rows; ++r)
    for (std::int64_t lane = 0, x = 0; lane < ssim_lanes; ++lane)
      for (std::int64_t p = 0; p < plan.segment; ++p, ++x)
        select_[size(r) * floats_ + size(p * ssim_lanes + lane)] = x < source.width() ? 1.0f : 0.0f;
}

std::size_t SsimLanes::place(std::int64_t x) const { return size(x % plan_.segment * ssim_lanes + x / plan_.segment); }

std::int64_t SsimLanes::mark(std::int64_t y, std::int64_t count) {
  if (job_.pair.mask == nullptr) return count * source_.width();
  const std::int64_t inset = plan_.radius - plan_.border;
  std::int64_t centres = 0;
  for (std::int64_t r = 0; r < count; ++r) {
    const std::int64_t row = plan_.top + y + r + inset;
    const std::uint8_t* mask = job_.pair.mask + row * job_.pair.mask_row_bytes + source_.left() + inset;
    for (std::int64_t x = 0; x < source_.width(); ++x) {
      const bool counts = mask[x] != 0;
      centres += counts ? 1 : 0;
      select_[size(r) * floats_ + place(x)] = counts ? 1.0f : 0.0f;
    }
  }
  return centres;
}

void SsimLanes::fill_map(std::int64_t y, std::int64_t count, std::int64_t channel, const float* scores) const {
  const std::int64_t channels = job_.pair.a.channels;
  for (std::int64_t r = 0; r < count; ++r) {
    float* to = job_.map + ((plan_.top + y + r) * plan_.all_width + source_.left()) * channels + channel;
    for (std::int64_t x = 0; x < source_.width(); ++x)
      to[x * channels] = scores == nullptr ? 1.0f : scores[size(r) * floats_ + place(x)];
  }
}

}  // namespace fastperturb
