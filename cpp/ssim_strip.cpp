// Loading, filtering and scoring of a strip's rows. Rows are counted from the first row that a window sees: row y of the
// strip is row y - border of the image, reflected where that lies outside.
#include "ssim_strip.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "dispatch.hpp"

namespace fastperturb {
namespace {

constexpr std::int64_t lanes = ssim_lanes;
constexpr std::int64_t prefetched_rows = 8;

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

// Position of an endless row of copies of 0 .. n - 1, every other one mirrored, so that the edges are repeated.
std::int64_t reflect(std::int64_t position, std::int64_t n) {
  position %= 2 * n;
  if (position < 0) position += 2 * n;
  return position < n ? position : 2 * n - 1 - position;
}

template <typename T>
double sum_of(const std::uint8_t* row, std::int64_t samples) {
  using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
  Sum sum = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    T value;
    std::memcpy(&value, row + size(i) * sizeof(T), sizeof(T));
    sum += value;
  }
  return static_cast<double>(sum);
}

double sum_of(const Samples& image, std::int64_t y, std::int64_t x, std::int64_t pixels) {
  const std::int64_t samples = pixels * image.channels;
  switch (image.element) {
    case Element::u8:
      return sum_of<std::uint8_t>(image.at(y, x), samples);
    case Element::u16:
      return sum_of<std::uint16_t>(image.at(y, x), samples);
    case Element::f32:
      return sum_of<float>(image.at(y, x), samples);
    default:
      return sum_of<double>(image.at(y, x), samples);
  }
}

}  // namespace

SsimPlan plan_of(const SsimJob& job, const SsimSettings& settings) {
  SsimPlan plan{};
  const Samples& image = job.pair.a;
  plan.radius = static_cast<std::int64_t>(settings.weights.size()) - 1;
  plan.border = settings.whole ? plan.radius : 0;
  plan.height = image.height - 2 * (plan.radius - plan.border);
  plan.width = image.width - 2 * (plan.radius - plan.border);
  // Longer segments spread fewer pixels twice; shorter ones keep the ring in the first cache, where it has room for one
  // channel only.
  const std::int64_t shortest = image.channels == 1 ? 8 : 16;
  const std::int64_t widest = lanes * (plan.radius <= 5 ? shortest : std::clamp<std::int64_t>(2 * plan.radius, shortest, 32));
  const std::int64_t wanted = (plan.width + widest - 1) / widest;
  plan.segment = ((plan.width + wanted - 1) / wanted + lanes - 1) / lanes;
  plan.tiles = (plan.width + lanes * plan.segment - 1) / (lanes * plan.segment);
  plan.blocks = (plan.height + ssim_block_rows - 1) / ssim_block_rows;
  plan.values = image.channels * (settings.terms ? ssim_values : 1);
  return plan;
}

SsimStrip::SsimStrip(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile)
    : job_(job), settings_(settings), plan_(plan), kernels_(kernels()) {
  const Samples& image = job.pair.a;
  left_ = tile * lanes * plan.segment;
  width_ = std::min(lanes * plan.segment, plan.width - left_);
  first_column_ = std::max<std::int64_t>(0, left_ - plan.border);
  last_column_ = std::min(image.width, left_ - plan.border + width_ + 2 * plan.radius);
  strip_ = {static_cast<int>(image.channels), static_cast<int>(plan.segment), static_cast<int>(plan.radius),
            static_cast<int>(plan.segment + 2 * plan.radius + 4), 0.0, settings.scale};
  slots_ = 2 * plan.radius + ssim_block_rows;
  planes_ = image.channels * (settings.terms ? 2 : 1);
  held_.assign(size(slots_), -1);
  rows_.resize(size(slots_));
  allocate();
  choose_centre();
}

void SsimStrip::allocate() {
  const Samples& image = job_.pair.a;
  plane_floats_ = size(lanes * plan_.segment);
  filtered_floats_ = 4 * plane_floats_;
  ring_pitch_ = filtered_floats_ + lanes;  // a power of two would put all rows into the same places of the cache
  const std::size_t spread = size(planes_ * strip_.pitch * lanes), ring = size(planes_ * slots_) * ring_pitch_;
  const std::size_t block = size(ssim_block_rows) * plane_floats_;
  const std::size_t floats = 2 * spread + ring + 8 * block + 2 * block + 16;
  memory_.reset(new float[floats]);
  void* start = memory_.get();
  std::size_t room = floats * sizeof(float);
  auto* next = static_cast<float*>(std::align(64, 1, start, room));
  const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
  u_ = take(spread);
  v_ = take(spread);
  ring_ = take(ring);
  moments_ = take(4 * block);
  own_moments_ = take(4 * block);
  select_ = take(block);
  map_ = take(block);
  row_bytes_.assign(2 * (size((lanes * plan_.segment + 2 * plan_.radius) * image.channels) + 16) *
                        element_bytes(image.element),
                    0);
  for (std::int64_t r = 0; r < ssim_block_rows; ++r)
    for (std::int64_t x = 0; x < lanes * plan_.segment; ++x)
      select_[size(r) * plane_floats_ + lane_place(x)] = x < width_ ? 1.0f : 0.0f;
}

// Samples are counted from near their mean in a few rows of the strip: squares of small numbers round less. Both images
// have the same centre, so that equal samples stay equal, and it is the same whichever comes first.
void SsimStrip::choose_centre() {
  constexpr std::int64_t sampled_rows = 8;
  const Samples& a = job_.pair.a;
  const std::int64_t pixels = last_column_ - first_column_;
  double sum = 0.0;
  for (std::int64_t i = 0; i < sampled_rows; ++i) {
    const std::int64_t y = (2 * i + 1) * a.height / (2 * sampled_rows);
    sum += sum_of(a, y, first_column_, pixels) + sum_of(job_.pair.b, y, first_column_, pixels);
  }
  double centre = sum / static_cast<double>(2 * sampled_rows * pixels * a.channels);
  if (a.element == Element::u8 || a.element == Element::u16) centre = std::floor(centre);
  if (a.element == Element::f32) centre = static_cast<double>(static_cast<float>(centre));
  strip_.centre = centre;
  constants_ = {static_cast<float>(2.0 * centre * settings_.scale), static_cast<float>(2.0 * settings_.luminance),
                static_cast<float>(2.0 * settings_.contrast / settings_.covariance)};
}

// Where pixel x of the strip lies in a plane.
std::size_t SsimStrip::lane_place(std::int64_t x) const {
  return size(x % plan_.segment * lanes + x / plan_.segment);
}

// Marks the centres of rows y .. y + count - 1 that the mask lets count, and counts them.
std::int64_t SsimStrip::select_centres(std::int64_t y, std::int64_t count) {
  if (job_.pair.mask == nullptr) return count * width_;
  const std::int64_t inset = plan_.radius - plan_.border;
  std::int64_t centres = 0;
  for (std::int64_t r = 0; r < count; ++r) {
    const std::uint8_t* mask = job_.pair.mask + (y + r + inset) * job_.pair.mask_row_bytes + left_ + inset;
    for (std::int64_t x = 0; x < width_; ++x) {
      const bool counts = mask[x] != 0;
      centres += counts ? 1 : 0;
      select_[size(r) * plane_floats_ + lane_place(x)] = counts ? 1.0f : 0.0f;
    }
  }
  return centres;
}

bool SsimStrip::rows_differ(std::int64_t y) {
  const Samples &a = job_.pair.a, &b = job_.pair.b;
  const std::int64_t row = reflect(y - plan_.border, a.height);
  return std::memcmp(a.at(row, first_column_), b.at(row, first_column_),
                     size(last_column_ - first_column_) * a.pixel_bytes()) != 0;
}

// Whether any of the rows first .. last - 1 differs. Looks at no row twice, and at few where all differ; `first` and
// `last` never fall from call to call.
bool SsimStrip::differs(std::int64_t first, std::int64_t last) {
  if (differs_at_ >= first) return true;
  for (std::int64_t y = std::max(first, equal_until_); y < last; ++y) {
    equal_until_ = y + 1;
    if (!rows_differ(y)) continue;
    differs_at_ = y;
    return true;
  }
  return false;
}

// Where row y of the strip can be read with all that ssim_spread reads: in place if possible, else in `buffer`.
const std::uint8_t* SsimStrip::load(const Samples& image, std::int64_t y, std::uint8_t* buffer) const {
  const std::int64_t row = reflect(y - plan_.border, image.height);
  const std::int64_t start = left_ - plan_.border, pixels = lanes * plan_.segment + 2 * plan_.radius;
  const std::size_t wanted = size(pixels) * image.pixel_bytes() + 15 * element_bytes(image.element);
  if (start >= 0 && image.row_bytes > 0) {
    const std::uint8_t* end = image.at(image.height - 1, image.width);
    const std::uint8_t* from = image.at(row, start);
    const bool inside = plan_.border == 0 || start + width_ + 2 * plan_.radius <= image.width;
    if (inside && size(end - from) >= wanted) return from;
  }
  const std::int64_t last = start + width_ + 2 * plan_.radius;
  const std::int64_t from = std::max<std::int64_t>(start, 0), until = std::min(last, image.width);
  const std::size_t pixel = image.pixel_bytes();
  std::memcpy(buffer + size(from - start) * pixel, image.at(row, from), size(until - from) * pixel);
  for (std::int64_t x = start; x < last; ++x)
    if (x < from || x >= until)
      std::memcpy(buffer + size(x - start) * pixel, image.at(row, reflect(x, image.width)), pixel);
  return buffer;
}

// A strip's rows lie too far apart for the processor to foresee them.
void SsimStrip::prefetch(const Samples& image, std::int64_t y) const {
#if defined(__GNUC__)
  const std::int64_t row = y - plan_.border;
  if (row < 0 || row >= image.height) return;
  const std::uint8_t* end = image.at(row, last_column_);
  for (const std::uint8_t* from = image.at(row, first_column_); from < end; from += 64) __builtin_prefetch(from);
#else
  (void)image, (void)y;
#endif
}

// Brings row y into the ring: spread over the lanes and filtered along the row, every channel.
void SsimStrip::hold(std::int64_t y) {
  const std::int64_t slot = y % slots_;
  if (held_[size(slot)] == y) return;
  held_[size(slot)] = y;
  prefetch(job_.pair.a, y + prefetched_rows);
  prefetch(job_.pair.b, y + prefetched_rows);
  const std::uint8_t* a = load(job_.pair.a, y, row_bytes_.data());
  const std::uint8_t* b = load(job_.pair.b, y, row_bytes_.data() + row_bytes_.size() / 2);
  switch (job_.pair.a.element) {
    case Element::u8:
      kernels_.ssim_spread_u8(a, b, strip_, u_, v_);
      break;
    case Element::u16:
      kernels_.ssim_spread_u16(reinterpret_cast<const std::uint16_t*>(a), reinterpret_cast<const std::uint16_t*>(b),
                               strip_, u_, v_);
      break;
    case Element::f32:
      kernels_.ssim_spread_f32(reinterpret_cast<const float*>(a), reinterpret_cast<const float*>(b), strip_, u_, v_);
      break;
    case Element::f64:
      kernels_.ssim_spread_f64(reinterpret_cast<const double*>(a), reinterpret_cast<const double*>(b), strip_, u_, v_);
      break;
  }
  const std::size_t pitch = size(strip_.pitch * lanes), channels = size(job_.pair.a.channels);
  if (settings_.terms)  // the planes after the channels': the two images themselves, from the centre
    for (std::size_t i = 0; i < channels * pitch; ++i) {
      u_[channels * pitch + i] = 0.5f * (u_[i] + v_[i]);
      v_[channels * pitch + i] = 0.5f * (u_[i] - v_[i]);
    }
  for (std::int64_t plane = 0; plane < planes_; ++plane)
    kernels_.ssim_rows(u_ + size(plane) * pitch, v_ + size(plane) * pitch, strip_.segment, settings_.weights.data(),
                       strip_.radius, ring_ + size(plane * slots_ + slot) * ring_pitch_);
}

void SsimStrip::columns(std::int64_t y, std::int64_t count, std::int64_t plane, float* moments) {
  for (std::int64_t i = 0; i < count + 2 * plan_.radius; ++i)
    rows_[size(i)] = ring_ + size(plane * slots_ + (y + i) % slots_) * ring_pitch_;
  kernels_.ssim_columns(rows_.data(), static_cast<int>(count), strip_.segment, settings_.weights.data(), strip_.radius,
                        moments);
}

void SsimStrip::score_block(std::int64_t y, std::int64_t count, double* sums) {
  const std::int64_t values = settings_.terms ? ssim_values : 1;
  for (std::int64_t i = 0; i < count + 2 * plan_.radius; ++i) hold(y + i);
  for (std::int64_t c = 0; c < job_.pair.a.channels; ++c, sums += values) {
    columns(y, count, c, moments_);
    sums[ssim_score_value] = kernels_.ssim_score(moments_, static_cast<int>(count), strip_.segment, constants_, select_,
                                                 plane_floats_, job_.map != nullptr ? map_ : nullptr);
    if (settings_.terms) {
      columns(y, count, c + job_.pair.a.channels, own_moments_);
      score_terms(count, sums);
    }
    if (job_.map != nullptr) fill_map(y, count, c, map_);
  }
}

// The three terms of the paper, in double. u and v are twice as large as the samples, so their moments are four times.
void SsimStrip::score_terms(std::int64_t count, double* sums) const {
  const bool plain = settings_.alpha == 1.0 && settings_.beta == 1.0 && settings_.gamma == 1.0;
  const double c1 = 2.0 * settings_.luminance, c2 = settings_.contrast / settings_.covariance, c3 = c2 / 2.0;
  const auto power = [](double base, double exponent) {
    return base < 0.0 && exponent != std::floor(exponent) ? -std::pow(-base, exponent) : std::pow(base, exponent);
  };
  if (!plain) sums[ssim_score_value] = 0.0;
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::size_t j = 0; j < plane_floats_; ++j) {
      const float* m = moments_ + size(r) * filtered_floats_ + j;
      const float* own = own_moments_ + size(r) * filtered_floats_ + j;
      const auto moment = [this](const float* of, std::size_t which) { return double{of[which * plane_floats_]}; };
      const double u = moment(m, 0), v = moment(m, 1), level = u + double{constants_.offset};
      const double mean_a = moment(own, 0), mean_b = moment(own, 1);
      const double covariance = ((moment(m, 2) - u * u) - (moment(m, 3) - v * v)) / 4.0;
      const double deviation_a = std::sqrt(std::max(0.0, moment(own, 2) - mean_a * mean_a));
      const double deviation_b = std::sqrt(std::max(0.0, moment(own, 3) - mean_b * mean_b));
      const double both = deviation_a * deviation_b;
      const double luminance = (level * level - v * v + c1) / (level * level + v * v + c1);
      const double contrast = (2.0 * both + c2) / (deviation_a * deviation_a + deviation_b * deviation_b + c2);
      const double structure = std::min(1.0, (covariance + c3) / (both + c3));
      double score = luminance * contrast * structure;
      if (!plain) {
        score = power(luminance, settings_.alpha) * power(contrast, settings_.beta) * power(structure, settings_.gamma);
        map_[size(r) * plane_floats_ + j] = static_cast<float>(score);
      }
      if (select_[size(r) * plane_floats_ + j] == 0.0f) continue;
      if (!plain) sums[ssim_score_value] += score;
      sums[ssim_luminance] += luminance;
      sums[ssim_contrast] += contrast;
      sums[ssim_structure] += structure;
      sums[ssim_contrast_structure] += contrast * structure;
    }
  }
}

// Puts a block's scores, or 1 where there are none, into the map.
void SsimStrip::fill_map(std::int64_t y, std::int64_t count, std::int64_t channel, const float* scores) const {
  const std::int64_t channels = job_.pair.a.channels;
  for (std::int64_t r = 0; r < count; ++r) {
    float* to = job_.map + ((y + r) * plan_.width + left_) * channels + channel;
    for (std::int64_t x = 0; x < width_; ++x)
      to[x * channels] = scores == nullptr ? 1.0f : scores[size(r) * plane_floats_ + lane_place(x)];
  }
}

void SsimStrip::run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres) {
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t y = block * ssim_block_rows, count = std::min(ssim_block_rows, plan_.height - y);
    double* to = sums + block * plan_.values;
    centres[block] = select_centres(y, count);
    const bool wanted = centres[block] > 0 || job_.map != nullptr;
    if (wanted && differs(y, y + count + 2 * plan_.radius)) {
      score_block(y, count, to);
      continue;
    }
    for (std::int64_t i = 0; i < plan_.values; ++i) to[i] = static_cast<double>(centres[block]);
    for (std::int64_t c = 0; job_.map != nullptr && c < job_.pair.a.channels; ++c) fill_map(y, count, c, nullptr);
  }
}

}  // namespace fastperturb
