// Filtering rows and columns about pixels of their own. A window's variance is at least about 1e-6 of the square of the
// largest difference within it, the weight of a corner, and double rounds that square by 1e-16 of it.
#include "ssim_far.hpp"

#include <algorithm>

namespace fastperturb {
namespace {

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

SsimFar::SsimFar(SsimSource& source, const SsimSettings& settings, std::int64_t channels)
    : source_(source),
      settings_(settings),
      channels_(channels),
      radius_(static_cast<std::int64_t>(settings.weights.size()) - 1),
      width_(source.width()),
      slots_(2 * radius_ + ssim_block_rows) {
  pixels_.resize(size(2 * (width_ + 2 * radius_) * channels_));
  ring_.resize(size(slots_ * channels_ * width_));
}

const SsimFar::Row* SsimFar::row_at(std::int64_t y, std::int64_t channel) const {
  return ring_.data() + size((y % slots_ * channels_ + channel) * width_);
}

void SsimFar::filter_row(std::int64_t y) {
  double* a = pixels_.data();
  double* b = a + size((width_ + 2 * radius_) * channels_);
  source_.read(y, settings_.scale, a, b);
  Row* to = ring_.data() + size(y % slots_ * channels_ * width_);
  for (std::int64_t c = 0; c < channels_; ++c)
    for (std::int64_t x = 0; x < width_; ++x, ++to) {
      const std::size_t first = size(x * channels_ + c), centre = first + size(radius_ * channels_);
      Row row{a[centre], b[centre], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
      for (std::int64_t k = 0; k <= 2 * radius_; ++k) {
        const double weight = double{settings_.weights[size(k < radius_ ? radius_ - k : k - radius_)]};
        const std::size_t at = first + size(k * channels_);
        const double da = a[at] - row.centre_a, db = b[at] - row.centre_b, dv = da - db;
        row.a += weight * da, row.b += weight * db, row.v += weight * dv;
        row.aa += weight * (da * da), row.bb += weight * (db * db), row.vv += weight * (dv * dv);
      }
      *to = row;
    }
}

SsimMoments SsimFar::window(std::int64_t y, std::int64_t channel, std::int64_t x) const {
  const Row& centre = row_at(y + radius_, channel)[x];
  double a = 0.0, b = 0.0, v = 0.0, aa = 0.0, bb = 0.0, vv = 0.0;
  for (std::int64_t k = 0; k <= 2 * radius_; ++k) {
    const Row& row = row_at(y + k, channel)[x];
    const double weight = double{settings_.weights[size(k < radius_ ? radius_ - k : k - radius_)]};
    const double da = row.centre_a - centre.centre_a, db = row.centre_b - centre.centre_b, dv = da - db;
    a += weight * (row.a + da), b += weight * (row.b + db), v += weight * (row.v + dv);
    aa += weight * (row.aa + da * (2.0 * row.a + da));
    bb += weight * (row.bb + db * (2.0 * row.b + db));
    vv += weight * (row.vv + dv * (2.0 * row.v + dv));
  }
  const double variance_a = std::max(0.0, aa - a * a), variance_b = std::max(0.0, bb - b * b);
  const double variance_v = std::max(0.0, vv - v * v);
  const double variance_u = std::max(0.0, 2.0 * (variance_a + variance_b) - variance_v);
  return {centre.centre_a + centre.centre_b + (a + b),
          centre.centre_a - centre.centre_b + v,
          variance_u,
          variance_v,
          variance_a,
          variance_b};
}

void SsimFar::moments(std::int64_t y, std::int64_t count, std::int64_t channel, SsimMoments* out) {
  for (held_ = std::max(held_, y); held_ < y + count + 2 * radius_; ++held_) filter_row(held_);
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t x = 0; x < width_; ++x) *out++ = window(y + r, channel, x);
}

}  // namespace fastperturb
