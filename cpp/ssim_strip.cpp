// Filtering and scoring of a strip's rows.
#include "ssim_strip.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "dispatch.hpp"

namespace fastperturb {
namespace {

constexpr std::int64_t lanes = ssim_lanes;

// What float rounds of a window's squares comes to some 1e-7 of them. Over this many times the contrast's constant that
// would be seen in the score. Samples inside their data range L never come there with the paper's K2 = 0.03: the
// squares of u and v, counted from their centres, add up to 4 L^2 at most. That is 4 / (2 K2^2) = 2222 times the
// constant, and 2500 times with the sample covariance of the smallest window.
constexpr float far_squares = 2560.0f;

// Beyond this, some 1e9 data ranges, the samples' own rounding would be seen: there is no score.
constexpr double most_squares = 1e22;

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

// The three terms of the paper.
struct Terms {
  double luminance, contrast, structure;
};

Terms terms_of(const SsimMoments& m, const SsimSettings& settings) {
  const double c1 = 2.0 * settings.luminance, c2 = settings.contrast / settings.covariance, c3 = c2 / 2.0;
  const double covariance = (m.variance_u - m.variance_v) / 4.0;
  const double deviation_a = std::sqrt(m.variance_a), deviation_b = std::sqrt(m.variance_b);
  const double both = deviation_a * deviation_b;
  Terms terms{};
  terms.luminance = (m.mean_u * m.mean_u - m.mean_v * m.mean_v + c1) / (m.mean_u * m.mean_u + m.mean_v * m.mean_v + c1);
  terms.contrast = (2.0 * both + c2) / (deviation_a * deviation_a + deviation_b * deviation_b + c2);
  terms.structure = std::min(1.0, (covariance + c3) / (both + c3));
  return terms;
}

double score_of(const Terms& terms, const SsimSettings& settings) {
  const auto power = [](double base, double exponent) {
    return base < 0.0 && exponent != std::floor(exponent) ? -std::pow(-base, exponent) : std::pow(base, exponent);
  };
  return power(terms.luminance, settings.alpha) * power(terms.contrast, settings.beta) *
         power(terms.structure, settings.gamma);
}

void add(const Terms& terms, double* sums) {
  sums[ssim_luminance] += terms.luminance;
  sums[ssim_contrast] += terms.contrast;
  sums[ssim_structure] += terms.structure;
  sums[ssim_contrast_structure] += terms.contrast * terms.structure;
}

bool has_exponents(const SsimSettings& settings) {
  return settings.alpha != 1.0 || settings.beta != 1.0 || settings.gamma != 1.0;
}

}  // namespace

SsimStrip::SsimStrip(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile)
    : job_(job),
      settings_(settings),
      plan_(plan),
      kernels_(kernels()),
      source_(job.pair, settings, plan, tile),
      constants_{static_cast<float>(2.0 * source_.strip().centre * settings.scale),
                 static_cast<float>(source_.strip().shift * settings.scale),
                 settings.structure ? no_luminance : static_cast<float>(2.0 * settings.luminance),
                 static_cast<float>(2.0 * settings.contrast / settings.covariance)} {
  slots_ = 2 * plan.radius + ssim_block_rows + (plan_.summed ? 1 : 0);
  planes_ = job.pair.a.channels * (settings.terms ? 2 : 1);
  summed_from_.assign(size(planes_), -1);
  rows_.resize(size(slots_));
  allocate();
}

void SsimStrip::allocate() {
  plane_floats_ = size(lanes * plan_.segment);
  filtered_floats_ = 4 * plane_floats_;
  spread_floats_ = size(source_.strip().pitch * lanes);
  // A power of two between the rows would put them all into the same places of the cache.
  ring_pitch_ = (plan_.summed ? 2 * spread_floats_ : filtered_floats_) + lanes;
  const std::size_t spread = size(planes_) * spread_floats_, ring = size(planes_ * slots_) * ring_pitch_;
  const std::size_t block = size(ssim_block_rows) * plane_floats_;
  const std::size_t floats = 6 * spread + ring + 10 * block + 16;
  memory_.reset(new float[floats]);
  void* start = memory_.get();
  std::size_t room = floats * sizeof(float);
  auto* next = static_cast<float*>(std::align(64, 1, start, room));
  const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
  u_ = take(spread);
  v_ = take(spread);
  sums_ = take(4 * spread);
  ring_ = take(ring);
  moments_ = take(4 * block);
  own_moments_ = take(4 * block);
  select_ = take(block);
  map_ = take(block);
  lanes_ = std::make_unique<SsimLanes>(job_, plan_, source_, select_);
}

// Brings row y into the ring, filtered along the row, every channel.
void SsimStrip::filter_row(std::int64_t y) {
  const std::int64_t slot = y % slots_;
  source_.spread(y, u_, v_);
  const std::size_t channels = size(job_.pair.a.channels) * spread_floats_;
  if (settings_.terms)  // the planes after the channels': the two images themselves, from the centre
    for (std::size_t i = 0; i < channels; ++i) {
      u_[channels + i] = 0.5f * (u_[i] + v_[i]);
      v_[channels + i] = 0.5f * (u_[i] - v_[i]);
    }
  const Strip& strip = source_.strip();
  for (std::int64_t plane = 0; plane < planes_; ++plane) {
    source_.prefetch(y, plane, planes_);
    kernels_.ssim_rows(u_ + size(plane) * spread_floats_, v_ + size(plane) * spread_floats_, strip.segment,
                       settings_.weights.data(), strip.radius, ring_ + size(plane * slots_ + slot) * ring_pitch_);
  }
}

void SsimStrip::filtered_moments(std::int64_t y, std::int64_t count, std::int64_t plane, float* moments) {
  const Strip& strip = source_.strip();
  const float* ring = ring_ + size(plane * slots_) * ring_pitch_;
  std::int64_t slot = y % slots_;
  for (std::int64_t i = 0; i < count + 2 * plan_.radius; ++i) {
    rows_[size(i)] = ring + size(slot) * ring_pitch_;
    slot = slot + 1 == slots_ ? 0 : slot + 1;
  }
  kernels_.ssim_columns(rows_.data(), static_cast<int>(count), strip.segment, settings_.weights.data(), strip.radius,
                        moments);
}

// The ring's place for row y as it is spread: the channels' planes of u, then those of v.
float* SsimStrip::spread_row(std::int64_t y) const { return ring_ + size(planes_ * (y % slots_)) * ring_pitch_; }

// Running sums down the columns, then along the row. The row that leaves is still in the ring.
void SsimStrip::summed_moments(std::int64_t y, std::int64_t count, std::int64_t channel) {
  const Strip& strip = source_.strip();
  const std::size_t u = size(channel) * spread_floats_, v = size(planes_ + channel) * spread_floats_;
  const auto floats = size((plan_.segment + 2 * plan_.radius) * lanes);
  float* sums = sums_ + 4 * size(channel) * spread_floats_;
  std::int64_t& from = summed_from_[size(channel)];
  for (std::int64_t top = y; top < y + count; ++top) {
    source_.prefetch(top + 2 * plan_.radius, channel, planes_);
    if (from >= 0 && from == top - 1) {
      const float *in = spread_row(top + 2 * plan_.radius), *out = spread_row(top - 1);
      kernels_.ssim_slide_down(in + u, in + v, out + u, out + v, floats, spread_floats_, sums);
    } else {  // the strip's first window, or the first after some that were skipped
      std::fill(sums, sums + 4 * spread_floats_, 0.0f);
      for (std::int64_t i = 0; i <= 2 * plan_.radius; ++i) {
        const float* in = spread_row(top + i);
        kernels_.ssim_slide_down(in + u, in + v, nullptr, nullptr, floats, spread_floats_, sums);
      }
    }
    from = top;
    const double pixels = static_cast<double>((2 * plan_.radius + 1) * (2 * plan_.radius + 1));
    kernels_.ssim_slide_along(sums, spread_floats_, strip.segment, strip.radius, static_cast<float>(1.0 / pixels),
                              moments_ + size(top - y) * filtered_floats_);
  }
}

void SsimStrip::score_block(std::int64_t y, std::int64_t count, double* sums) {
  const std::int64_t values = settings_.terms ? ssim_values : 1, channels = job_.pair.a.channels;
  const std::int64_t end = y + count + 2 * plan_.radius;
  for (held_ = std::max(held_, y); held_ < end; ++held_) {
    if (plan_.summed)
      source_.spread(held_, spread_row(held_), spread_row(held_) + size(planes_) * spread_floats_);
    else
      filter_row(held_);
  }
  for (std::int64_t c = 0; c < channels; ++c, sums += values) {
    if (plan_.summed)
      summed_moments(y, count, c);
    else
      filtered_moments(y, count, c, moments_);
    float most = 0.0f;
    sums[ssim_score_value] =
        kernels_.ssim_score(moments_, static_cast<int>(count), source_.strip().segment, constants_, select_,
                            job_.pair.mask == nullptr ? 0 : plane_floats_, job_.map != nullptr ? map_ : nullptr, &most);
    if (most > far_squares * constants_.contrast && std::isfinite(most)) {
      score_far(y, count, c, sums);
    } else if (settings_.terms) {
      filtered_moments(y, count, c + channels, own_moments_);
      score_terms(count, sums);
    }
    if (job_.map != nullptr) lanes_->fill_map(y, count, c, map_);
  }
}

// The terms in double. u and v are twice as large as the samples, so their moments are four times.
void SsimStrip::score_terms(std::int64_t count, double* sums) const {
  const bool plain = !has_exponents(settings_);
  if (!plain) sums[ssim_score_value] = 0.0;
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::size_t j = 0; j < plane_floats_; ++j) {
      const float* m = moments_ + size(r) * filtered_floats_ + j;
      const float* own = own_moments_ + size(r) * filtered_floats_ + j;
      const auto moment = [this](const float* of, std::size_t which) { return double{of[which * plane_floats_]}; };
      const double u = moment(m, 0), v = moment(m, 1), mean_a = moment(own, 0), mean_b = moment(own, 1);
      const Terms terms = terms_of(
          {u + double{constants_.level}, v + double{constants_.shift}, moment(m, 2) - u * u, moment(m, 3) - v * v,
           std::max(0.0, moment(own, 2) - mean_a * mean_a), std::max(0.0, moment(own, 3) - mean_b * mean_b)},
          settings_);
      const double score = plain ? 0.0 : score_of(terms, settings_);
      if (!plain) map_[size(r) * plane_floats_ + j] = static_cast<float>(score);
      if (select_[size(r) * plane_floats_ + j] == 0.0f) continue;
      if (!plain) sums[ssim_score_value] += score;
      add(terms, sums);
    }
  }
}

// A block of a channel again, in double, because its levels lie too far apart for float.
void SsimStrip::score_far(std::int64_t y, std::int64_t count, std::int64_t channel, double* sums) {
  if (far_ == nullptr) far_ = std::make_unique<SsimFar>(source_, settings_, job_.pair.a.channels);
  far_moments_.resize(size(ssim_block_rows * source_.width()));
  far_->moments(y, count, channel, far_moments_.data());
  const double c1 = 2.0 * settings_.luminance, c2 = 2.0 * settings_.contrast / settings_.covariance;
  sums[ssim_score_value] = 0.0;
  const SsimMoments* m = far_moments_.data();
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t x = 0; x < source_.width(); ++x, ++m) {
      const double u = m->mean_u * m->mean_u + c1, v = m->mean_v * m->mean_v, spread = m->variance_u + c2;
      double score = ((u - v) * (spread - m->variance_v)) / ((u + v) * (spread + m->variance_v));
      if (settings_.structure) score = (spread - m->variance_v) / (spread + m->variance_v);
      if (u + v + spread + m->variance_v > most_squares * c2) score = std::numeric_limits<double>::quiet_NaN();
      const std::size_t place = size(r) * plane_floats_ + lanes_->place(x);
      const bool counts = select_[place] != 0.0f;
      if (settings_.terms) {
        const Terms terms = terms_of(*m, settings_);
        if (has_exponents(settings_) && score == score) score = score_of(terms, settings_);
        if (counts) add(terms, sums);
      }
      map_[place] = static_cast<float>(score);
      if (counts) sums[ssim_score_value] += score;
    }
}

void SsimStrip::run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres) {
  lanes_->run(first, last, sums, centres,
              [this](std::int64_t y, std::int64_t count, double* to) { score_block(y, count, to); });
}

}  // namespace fastperturb
