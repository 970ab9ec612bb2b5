// Window means, exact whatever the order of the pixels, and their separable interpolation between window centres.
#include "view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "windows.hpp"

namespace fastperturb {
namespace {

// An exact sum of whole numbers, or of float32 values: each value is added as a whole number of 2^-149 to 32-bit digits
// held in 64 bits, so that no order of additions can change the result (at most 2^31 values).
struct ExactSum {
  std::array<std::int64_t, 10> digits{};
  std::uint64_t whole = 0;

  void add(std::uint8_t value) { whole += value; }
  void add(std::uint16_t value) { whole += value; }
  void add(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const std::uint32_t exponent = bits >> 23 & 0xff;
    std::uint64_t mantissa = bits & 0x7fffff;
    if (exponent != 0) mantissa |= 0x800000;
    const std::uint32_t shift = exponent == 0 ? 0 : exponent - 1;
    const std::uint64_t scaled = mantissa << (shift & 31);
    const std::int64_t sign = bits >> 31 != 0 ? -1 : 1;
    digits[shift >> 5] += sign * static_cast<std::int64_t>(scaled & 0xffffffff);
    digits[(shift >> 5) + 1] += sign * static_cast<std::int64_t>(scaled >> 32);
  }
  double value(Sample sample) const {
    if (sample != Sample::f32) return static_cast<double>(whole);
    auto carried = digits;
    for (std::size_t i = 0; i + 1 < carried.size(); ++i) {
      const std::int64_t low = carried[i] & 0xffffffff;
      carried[i + 1] += (carried[i] - low) / (std::int64_t{1} << 32);
      carried[i] = low;
    }
    double sum = 0.0;
    for (std::size_t i = carried.size(); i-- > 0;)
      sum += std::ldexp(static_cast<double>(carried[i]), 32 * static_cast<int>(i) - 149);
    return sum;
  }
};

// A grid of window means: rows x columns x channels.
struct Means {
  std::size_t rows, columns, channels;
  std::vector<double> values;
  double* at(std::size_t row, std::size_t column) { return values.data() + (row * columns + column) * channels; }
};

template <typename T>
void sum_window(const ImageView& image, const Tiling& tiling, const Rectangle& part, std::vector<ExactSum>& sums) {
  const auto channels = static_cast<std::size_t>(image.channels);
  tiling.for_each_run(part, [&](std::int64_t x, std::int64_t y, std::int64_t run) {
    const std::uint8_t* from = image.at(y, x);
    for (std::int64_t i = 0; i < run; ++i) {
      for (std::size_t c = 0; c < channels; ++c, from += sizeof(T)) {
        T value;
        std::memcpy(&value, from, sizeof(T));
        sums[c].add(value);
      }
    }
  });
}

// Gives windows that own nothing the mean of the nearest windows that do, ring by ring, so that every grid is whole.
// Each window is visited once.
void fill_gaps(Means& means, std::vector<bool> known) {
  const auto rows = static_cast<std::ptrdiff_t>(means.rows), columns = static_cast<std::ptrdiff_t>(means.columns);
  const auto for_each_neighbour = [&](std::size_t window, auto visit) {
    const auto row = static_cast<std::ptrdiff_t>(window) / columns,
               column = static_cast<std::ptrdiff_t>(window) % columns;
    for (std::ptrdiff_t r = std::max<std::ptrdiff_t>(row - 1, 0); r < std::min(row + 2, rows); ++r)
      for (std::ptrdiff_t c = std::max<std::ptrdiff_t>(column - 1, 0); c < std::min(column + 2, columns); ++c)
        visit(static_cast<std::size_t>(r * columns + c));
  };
  std::vector<bool> listed = known;
  std::vector<std::size_t> ring;
  const auto list_around = [&](std::size_t window, std::vector<std::size_t>& next) {
    for_each_neighbour(window, [&](std::size_t near) {
      if (!listed[near]) listed[near] = true, next.push_back(near);
    });
  };
  for (std::size_t window = 0; window < known.size(); ++window)
    if (known[window]) list_around(window, ring);
  while (!ring.empty()) {
    for (const std::size_t window : ring) {
      double* to = means.values.data() + window * means.channels;
      int found = 0;
      for_each_neighbour(window, [&](std::size_t near) {
        if (!known[near]) return;
        for (std::size_t k = 0; k < means.channels; ++k) to[k] += means.values[near * means.channels + k];
        ++found;
      });
      for (std::size_t k = 0; k < means.channels; ++k) to[k] /= found;
    }
    std::vector<std::size_t> next;
    for (const std::size_t window : ring) known[window] = true;
    for (const std::size_t window : ring) list_around(window, next);
    ring = std::move(next);
  }
}

Means window_means(const ImageView& image, const Tiling& tiling) {
  Means means{static_cast<std::size_t>(tiling.rows),
              static_cast<std::size_t>(tiling.columns),
              static_cast<std::size_t>(image.channels),
              {}};
  means.values.assign(means.rows * means.columns * means.channels, 0.0);
  std::vector<bool> known(means.rows * means.columns);
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Rectangle part = tiling.rectangle(static_cast<std::int64_t>(i));
    const std::int64_t owned = tiling.owned(part);
    known[i] = owned > 0;
    if (owned == 0) continue;
    std::vector<ExactSum> sums(means.channels);
    if (image.sample == Sample::u8) sum_window<std::uint8_t>(image, tiling, part, sums);
    if (image.sample == Sample::u16) sum_window<std::uint16_t>(image, tiling, part, sums);
    if (image.sample == Sample::f32) sum_window<float>(image, tiling, part, sums);
    for (std::size_t k = 0; k < means.channels; ++k)
      means.values[i * means.channels + k] = sums[k].value(image.sample) / static_cast<double>(owned);
  }
  fill_gaps(means, std::move(known));
  return means;
}

constexpr double pi = 3.14159265358979323846;
constexpr int most_taps = 8;

// The interpolating kernels at distance t, in windows: linear; cubic convolution (Keys 1981) with a = -0.75 as OpenCV
// has it; Lanczos with four lobes.
double weight(Interpolation interpolation, double t) {
  t = std::fabs(t);
  if (interpolation == Interpolation::linear) return t < 1.0 ? 1.0 - t : 0.0;
  if (interpolation == Interpolation::cubic) {
    constexpr double a = -0.75;
    if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    return t < 2.0 ? ((t - 5.0) * t + 8.0) * t * a - 4.0 * a : 0.0;
  }
  if (t < 1e-12) return 1.0;
  return t < 4.0 ? 4.0 * std::sin(pi * t) * std::sin(pi * t / 4.0) / (pi * pi * t * t) : 0.0;
}

// For one pixel along one axis: which windows it is made of, and their weights (sum 1).
struct Taps {
  std::array<std::size_t, most_taps> window;
  std::array<double, most_taps> weight;
};

std::vector<Taps> taps_along(std::int64_t length, std::int64_t window, std::int64_t count, Interpolation interpolation,
                             Border border) {
  const auto centre = [&](std::int64_t i) {
    return 0.5 * static_cast<double>(i * window + (i + 1 == count ? length : (i + 1) * window));
  };
  std::vector<Taps> all;
  for (std::int64_t p = 0; p < length; ++p) {
    const double x = static_cast<double>(p) + 0.5;
    const std::int64_t own = std::min(p / window, count - 1);
    std::int64_t below = own;
    if (x < centre(below)) --below;
    double t = 0.0;  // how far x is from one centre to the next; outside the outer centres the outer mean may hold
    if (below >= 0 && below + 1 < count)
      t = (x - centre(below)) / (centre(below + 1) - centre(below));
    else if (border == Border::replicate)  // a window further out would have the outer mean too
      t = below < 0 ? 1.0 + (x - centre(0)) / static_cast<double>(window)
                    : (x - centre(below)) / static_cast<double>(window);
    Taps taps{};
    double sum = 0.0;
    for (int k = 0; k < most_taps; ++k) {
      const std::int64_t i = below - most_taps / 2 + 1 + k;
      const auto tap = static_cast<std::size_t>(k);
      taps.window[tap] = static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, count - 1));
      taps.weight[tap] = interpolation == Interpolation::mosaic
                             ? static_cast<double>(i == own)
                             : weight(interpolation, static_cast<double>(i - below) - t);
      sum += taps.weight[tap];
    }
    for (double& w : taps.weight) w /= sum;
    all.push_back(taps);
  }
  return all;
}

void store(std::uint8_t* to, Sample sample, double value) {
  if (sample == Sample::f32) {
    const auto narrowed = static_cast<float>(value);
    std::memcpy(to, &narrowed, 4);
    return;
  }
  const double top = sample == Sample::u8 ? 255.0 : 65535.0;
  const auto rounded = static_cast<std::uint16_t>(std::clamp(std::floor(value + 0.5), 0.0, top));
  if (sample == Sample::u8)
    *to = static_cast<std::uint8_t>(rounded);
  else
    std::memcpy(to, &rounded, sizeof(rounded));
}

// A mosaic shows the means as they are (-0 as 0): the samples of one row do for all rows of its windows.
void draw_mosaic(const ImageView& image, const Tiling& tiling, Means& means) {
  const Rectangle& box = tiling.box;
  const std::size_t bytes = image.pixel_bytes(), sample = sample_bytes(image.sample);
  std::vector<std::uint8_t> line(static_cast<std::size_t>(box.width) * bytes);
  std::int64_t drawn = -1;
  for (std::int64_t y = box.y; y < box.y + box.height; ++y) {
    const std::int64_t row = std::min((y - box.y) / tiling.window, tiling.rows - 1);
    for (std::int64_t x = 0; x < box.width && row != drawn; ++x) {
      std::uint8_t* to = line.data() + static_cast<std::size_t>(x) * bytes;
      const std::int64_t column = std::min(x / tiling.window, tiling.columns - 1);
      if (x > 0 && column == std::min((x - 1) / tiling.window, tiling.columns - 1)) {
        std::memcpy(to, to - bytes, bytes);
        continue;
      }
      const double* mean = means.at(static_cast<std::size_t>(row), static_cast<std::size_t>(column));
      for (std::size_t c = 0; c < means.channels; ++c) store(to + c * sample, image.sample, mean[c] + 0.0);
    }
    drawn = row;
    tiling.for_each_run({box.x, y, box.width, 1}, [&](std::int64_t x, std::int64_t at, std::int64_t run) {
      std::memcpy(image.at(at, x), line.data() + static_cast<std::size_t>(x - box.x) * bytes,
                  static_cast<std::size_t>(run) * bytes);
    });
  }
}

void draw_region(const ImageView& image, const Tiling& tiling, Interpolation interpolation, Border border) {
  Means means = window_means(image, tiling);
  if (interpolation == Interpolation::mosaic) return draw_mosaic(image, tiling, means);
  const std::vector<Taps> across = taps_along(tiling.box.width, tiling.window, tiling.columns, interpolation, border);
  const std::vector<Taps> down = taps_along(tiling.box.height, tiling.window, tiling.rows, interpolation, border);
  const auto width = static_cast<std::size_t>(tiling.box.width), channels = means.channels;
  // Across first: each row of means becomes a row of pixels; then each row of the box is a mix of these. They are made
  // when they are first needed, and the last few are kept.
  std::vector<double> wide(most_taps * width * channels);
  std::vector<std::size_t> held(most_taps, means.rows);
  const auto wide_row = [&](std::size_t r) {
    double* to = wide.data() + r % most_taps * width * channels;
    if (std::exchange(held[r % most_taps], r) == r) return to;
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 0; c < channels; ++c) {
        double sum = 0.0;
        for (std::size_t k = 0; k < most_taps; ++k) sum += across[x].weight[k] * means.at(r, across[x].window[k])[c];
        to[x * channels + c] = sum;
      }
    return to;
  };
  std::vector<double> line(width * channels);
  const Rectangle& box = tiling.box;
  for (std::int64_t y = box.y; y < box.y + box.height; ++y) {
    const Taps& taps = down[static_cast<std::size_t>(y - box.y)];
    std::fill(line.begin(), line.end(), 0.0);
    for (std::size_t k = 0; k < most_taps; ++k) {
      if (taps.weight[k] == 0.0) continue;
      const double* from = wide_row(taps.window[k]);
      for (std::size_t i = 0; i < line.size(); ++i) line[i] += taps.weight[k] * from[i];
    }
    tiling.for_each_run({box.x, y, box.width, 1}, [&](std::int64_t x, std::int64_t row, std::int64_t run) {
      std::uint8_t* to = image.at(row, x);
      const std::size_t first = static_cast<std::size_t>(x - box.x) * channels;
      for (std::size_t i = 0; i < static_cast<std::size_t>(run) * channels; ++i)
        store(to + i * sample_bytes(image.sample), image.sample, line[first + i]);
    });
  }
}

}  // namespace

void draw_view(const ImageView& image, const std::vector<Region>& regions, Interpolation interpolation, Border border,
               Version version) {
  for (const Tiling& tiling : tile(image.height, image.width, regions, version))
    if (tiling.owned(tiling.box) > 0) draw_region(image, tiling, interpolation, border);
}

}  // namespace fastperturb
