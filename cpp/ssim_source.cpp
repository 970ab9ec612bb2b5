// Reading, reflecting, comparing and spreading the rows of a strip.
#include "ssim_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "dispatch.hpp"

namespace fastperturb {
namespace {

constexpr std::int64_t lanes = ssim_lanes;
constexpr std::int64_t prefetched_rows = 8;

std::size_t size(std::int64_t value) { return static_cast<std::size_t>(value); }

// Position of an endless row of copies of 0 .. n - 1, every other one mirrored, so that the edges are repeated.
std::int64_t reflect(std::int64_t position, std::int64_t n) {
  if (position >= 0 && position < n) return position;
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

template <typename T>
bool any_equal(const std::uint8_t* a, const std::uint8_t* b, std::int64_t samples) {
  T any = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    T x, y;
    std::memcpy(&x, a + size(i) * sizeof(T), sizeof(T));
    std::memcpy(&y, b + size(i) * sizeof(T), sizeof(T));
    any = x == y ? T(1) : any;
  }
  return any != 0;
}

template <typename T>
void widen(const std::uint8_t* from, std::int64_t samples, double scale, double* to) {
  for (std::int64_t i = 0; i < samples; ++i) {
    T value;
    std::memcpy(&value, from + size(i) * sizeof(T), sizeof(T));
    to[i] = static_cast<double>(value) * scale;
  }
}

}  // namespace

SsimSource::SsimSource(const Pair& pair, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile)
    : pair_(pair), plan_(plan), kernels_(kernels()) {
  const Samples& image = pair.a;
  left_ = plan.left + tile * lanes * plan.segment;
  width_ = std::min(lanes * plan.segment, plan.left + plan.width - left_);
  first_column_ = std::max<std::int64_t>(0, left_ - plan.border);
  last_column_ = std::min(image.width, left_ - plan.border + width_ + 2 * plan.radius);
  strip_ = {static_cast<int>(image.channels),
            static_cast<int>(plan.segment),
            static_cast<int>(plan.radius),
            static_cast<int>(plan.segment + 2 * plan.radius + 4),
            127.0,
            0.0,
            settings.scale};
  const std::int64_t samples = (lanes * plan.segment + 2 * plan.radius) * image.channels + 16;
  buffer_.assign(2 * size(samples) * element_bytes(image.element), 0);
  if (!plan.boxed) choose_centre();
}

// Samples are counted from near their mean in a few rows of the strip, and their differences from near theirs: squares
// of small numbers round less. Differences only if none is 0, because equal windows must stay exactly equal. All the
// same, but for a sign, whichever image comes first.
void SsimSource::choose_centre() {
  constexpr std::int64_t sampled_rows = 8;
  const Samples &a = pair_.a, &b = pair_.b;
  const std::int64_t pixels = last_column_ - first_column_, rows = plan_.height + 2 * plan_.radius;
  double sum_a = 0.0, sum_b = 0.0;
  for (std::int64_t i = 0; i < sampled_rows; ++i) {
    const std::int64_t y = image_row((2 * i + 1) * rows / (2 * sampled_rows));
    sum_a += sum_of(a, y, first_column_, pixels);
    sum_b += sum_of(b, y, first_column_, pixels);
  }
  const auto samples = static_cast<double>(sampled_rows * pixels * a.channels);
  const auto rounded = [&a](double value) {
    if (a.element == Element::f64) return value;
    return a.element == Element::f32 ? static_cast<double>(static_cast<float>(value)) : std::trunc(value);
  };
  if (!plan_.summed) strip_.centre = rounded((sum_a + sum_b) / (2.0 * samples));
  bool meet = false;
  for (std::int64_t y = 0; y < rows && !meet; ++y) meet = row_meets(image_row(y));
  if (meet) return;
  strip_.shift = rounded((sum_a - sum_b) / samples);
  if (!plan_.summed) return;
  const double most = std::trunc(4095.0 / static_cast<double>(2 * plan_.radius + 1)) - 255.0;
  strip_.shift = std::clamp(strip_.shift, -most, most);
}

bool SsimSource::row_meets(std::int64_t row) const {
  const std::uint8_t *a = pair_.a.at(row, first_column_), *b = pair_.b.at(row, first_column_);
  const std::int64_t samples = (last_column_ - first_column_) * pair_.a.channels;
  switch (pair_.a.element) {
    case Element::u8:
      return any_equal<std::uint8_t>(a, b, samples);
    case Element::u16:
      return any_equal<std::uint16_t>(a, b, samples);
    case Element::f32:
      return any_equal<float>(a, b, samples);
    default:
      return any_equal<double>(a, b, samples);
  }
}

std::int64_t SsimSource::image_row(std::int64_t y) const {
  return reflect(plan_.top + y - plan_.border, pair_.a.height);
}

bool SsimSource::row_differs(std::int64_t y) const {
  const Samples &a = pair_.a, &b = pair_.b;
  const std::int64_t row = image_row(y);
  return std::memcmp(a.at(row, first_column_), b.at(row, first_column_),
                     size(last_column_ - first_column_) * a.pixel_bytes()) != 0;
}

bool SsimSource::differs(std::int64_t first, std::int64_t last) {
  if (differs_at_ >= first) return true;
  for (std::int64_t y = std::max(first, equal_until_); y < last; ++y) {
    equal_until_ = y + 1;
    if (!row_differs(y)) continue;
    differs_at_ = y;
    return true;
  }
  return false;
}

// Where row y of the strip can be read with all that ssim_spread reads: in place if possible, else in `buffer`.
const std::uint8_t* SsimSource::load(const Samples& image, std::int64_t y, std::uint8_t* buffer) const {
  const std::int64_t row = image_row(y);
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

void SsimSource::prefetch(std::int64_t y, std::int64_t part, std::int64_t parts) const {
#if defined(__GNUC__)
  const std::int64_t row = plan_.top + y + prefetched_rows - plan_.border;
  if (row < 0 || row >= pair_.a.height) return;
  const auto bytes = (last_column_ - first_column_) * static_cast<std::int64_t>(pair_.a.pixel_bytes());
  const std::uint8_t *a = pair_.a.at(row, first_column_), *b = pair_.b.at(row, first_column_);
  for (std::int64_t i = bytes * part / parts / 64 * 64; i < bytes * (part + 1) / parts; i += 64) {
    __builtin_prefetch(a + i);
    __builtin_prefetch(b + i);
  }
#else
  (void)y, (void)part, (void)parts;
#endif
}

void SsimSource::spread(std::int64_t y, float* u, float* v) {
  const std::uint8_t* a = load(pair_.a, y, buffer_.data());
  const std::uint8_t* b = load(pair_.b, y, buffer_.data() + buffer_.size() / 2);
  switch (pair_.a.element) {
    case Element::u8:
      return kernels_.ssim_spread_u8(a, b, strip_, u, v);
    case Element::u16:
      return kernels_.ssim_spread_u16(reinterpret_cast<const std::uint16_t*>(a),
                                      reinterpret_cast<const std::uint16_t*>(b), strip_, u, v);
    case Element::f32:
      return kernels_.ssim_spread_f32(reinterpret_cast<const float*>(a), reinterpret_cast<const float*>(b), strip_, u,
                                      v);
    case Element::f64:
      return kernels_.ssim_spread_f64(reinterpret_cast<const double*>(a), reinterpret_cast<const double*>(b), strip_, u,
                                      v);
  }
}

void SsimSource::spread_pairs(std::int64_t y, std::uint8_t* pairs) {
  const std::uint8_t* a = load(pair_.a, y, buffer_.data());
  const std::uint8_t* b = load(pair_.b, y, buffer_.data() + buffer_.size() / 2);
  kernels_.box_spread(a, b, static_cast<std::ptrdiff_t>(strip_.segment) * strip_.channels,
                      (strip_.segment + 2 * strip_.radius) * strip_.channels, pairs);
}

void SsimSource::read(std::int64_t y, double scale, double* a, double* b) {
  const std::int64_t samples = (width_ + 2 * plan_.radius) * pair_.a.channels;
  for (const auto& [image, to] : {std::pair{&pair_.a, a}, std::pair{&pair_.b, b}}) {
    const std::uint8_t* from = load(*image, y, buffer_.data());
    switch (image->element) {
      case Element::u8:
        widen<std::uint8_t>(from, samples, scale, to);
        break;
      case Element::u16:
        widen<std::uint16_t>(from, samples, scale, to);
        break;
      case Element::f32:
        widen<float>(from, samples, scale, to);
        break;
      case Element::f64:
        widen<double>(from, samples, scale, to);
    }
  }
}

}  // namespace fastperturb
