// Window variances, the moments of the squared error that follow from them, and their inverse.
#include "distance.hpp"

#include <algorithm>
#include <cmath>

#include "permutation.hpp"
#include "window_moments.hpp"
#include "windows.hpp"

namespace fastperturb {
namespace {

// Rows whose samples, and squares of 8-bit samples, can be added up in 32 bits.
constexpr std::int64_t rows_at_once = 65536;

// Sums over each window, channel by channel: entry window * channels + channel.
struct WindowSums {
  std::vector<std::uint64_t> sum, squares;
};

// The same of single columns over some rows. Adding whole rows to them is a plain loop whatever the window.
template <typename T, typename Square>
struct ColumnSums {
  std::vector<std::uint32_t> sum;
  std::vector<Square> squares;

  explicit ColumnSums(std::size_t size) : sum(size), squares(size) {}
  void add(const std::uint8_t* from, std::size_t first, std::size_t count) {
    std::uint32_t* sums = sum.data() + first;
    Square* squared = squares.data() + first;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t value = load<T>(from + i * sizeof(T));
      sums[i] += value;
      squared[i] += static_cast<Square>(static_cast<Square>(value) * value);
    }
  }
  // Adds them to the windows from number `window` on, and starts again.
  template <std::size_t Channels>
  void empty(const Tiling& tiling, std::size_t window, WindowSums& totals) {
    const std::size_t stride = static_cast<std::size_t>(tiling.window) * Channels;
    const std::size_t end = window + static_cast<std::size_t>(tiling.columns);
    for (std::size_t first = 0; window < end; first += stride, ++window) {
      std::uint64_t added[Channels] = {}, squared[Channels] = {};
      const std::size_t last = window + 1 < end ? first + stride : sum.size();
      for (std::size_t i = first; i < last; i += Channels) {
        for (std::size_t c = 0; c < Channels; ++c) {
          added[c] += sum[i + c];
          squared[c] += squares[i + c];
        }
      }
      for (std::size_t c = 0; c < Channels; ++c) {
        totals.sum[window * Channels + c] += added[c];
        totals.squares[window * Channels + c] += squared[c];
      }
    }
    std::fill(sum.begin(), sum.end(), 0U);
    std::fill(squares.begin(), squares.end(), Square{0});
  }
};

template <typename T, typename Square, std::size_t Channels>
WindowSums sum_windows(const ImageView& image, const Tiling& tiling) {
  const std::size_t entries = static_cast<std::size_t>(tiling.count()) * Channels;
  WindowSums totals{std::vector<std::uint64_t>(entries), std::vector<std::uint64_t>(entries)};
  ColumnSums<T, Square> columns(static_cast<std::size_t>(tiling.box.width) * Channels);
  for (std::int64_t row = 0; row < tiling.rows; ++row) {
    const Rectangle first = tiling.rectangle(row * tiling.columns);
    const std::int64_t bottom = first.y + first.height;
    for (std::int64_t top = first.y; top < bottom; top += rows_at_once) {
      const Rectangle band{tiling.box.x, top, tiling.box.width, std::min(rows_at_once, bottom - top)};
      tiling.for_each_run(band, [&](std::int64_t x, std::int64_t y, std::int64_t run) {
        columns.add(image.at(y, x), static_cast<std::size_t>(x - band.x) * Channels,
                    static_cast<std::size_t>(run) * Channels);
      });
      columns.template empty<Channels>(tiling, static_cast<std::size_t>(row * tiling.columns), totals);
    }
  }
  return totals;
}

template <typename T, typename Square>
WindowSums sum_windows(const ImageView& image, const Tiling& tiling) {
  if (image.channels == 1) return sum_windows<T, Square, 1>(image, tiling);
  if (image.channels == 2) return sum_windows<T, Square, 2>(image, tiling);
  return image.channels == 3 ? sum_windows<T, Square, 3>(image, tiling) : sum_windows<T, Square, 4>(image, tiling);
}

// Sum of squared deviations from the mean of `count` whole numbers, from exact sums. About a whole number next to the
// mean it is a whole number too; the rest of the way to the mean takes off rest^2 / count, with |rest| < count. Squares
// of 16-bit samples of fewer than 2^31 pixels fit 63 bits; signed numbers because they convert to double faster.
double squared_deviations(std::uint64_t sum, std::uint64_t squares, std::uint64_t count, double inverse_count) {
  const auto real = [](std::uint64_t value) { return static_cast<double>(static_cast<std::int64_t>(value)); };
  const auto about = static_cast<std::uint64_t>(static_cast<std::int64_t>(real(sum) * inverse_count + 0.5));
  const double rest = real(sum - count * about);
  const std::uint64_t whole = squares - about * (2 * sum - count * about);  // modulo 2^64, and it is less
  return real(whole) - rest * rest * inverse_count;
}

// What one region gives: 2 S^2 for every pixel that moves in a window, in version 2 for all but one of them; S^2 is the
// window's sample variance.
struct RegionLaw {
  Shares shares;
  std::uint32_t still;       // how many pixels of a window give nothing
  std::vector<double> gain;  // 2 S^2 of each window; 0 where fewer than 2 pixels are owned
  double most = 0.0;         // the expected squared error if all pixels move
  double slope = 0.0;        // by how much it grows with the coverage, where that is not small

  RegionLaw(const ImageView& image, const Tiling& tiling)
      : shares(count_owned(tiling)), still(tiling.version == Version::one ? 0 : 1) {
    const auto channels = static_cast<std::size_t>(image.channels);
    WindowSums sums;
    if (image.sample == Sample::u8) sums = sum_windows<std::uint8_t, std::uint32_t>(image, tiling);
    if (image.sample == Sample::u16) sums = sum_windows<std::uint16_t, std::uint64_t>(image, tiling);
    gain.reserve(shares.owned.size());
    for (std::size_t i = 0; i < shares.owned.size(); ++i) {
      const std::uint32_t owned = shares.owned[i];
      gain.push_back(0.0);
      if (owned < 2) continue;
      double squares = 0.0;
      if (image.sample == Sample::f32)
        squares = moments_of(image, tiling, tiling.rectangle(static_cast<std::int64_t>(i)), owned).squares;
      else
        for (std::size_t c = i * channels; c < (i + 1) * channels; ++c)
          squares += squared_deviations(sums.sum[c], sums.squares[c], owned, 1.0 / owned);
      gain.back() = 2.0 * squares / (owned - 1.0);
      slope += gain.back() * owned;
      most += gain.back() * (owned - still);
    }
  }
  double expected(std::int64_t pixels) {
    split_shares(shares, pixels);
    double sum = 0.0;
    for (std::size_t i = 0; i < gain.size(); ++i) sum += gain[i] * (shares.moved[i] - std::min(shares.moved[i], still));
    return sum;
  }
};

std::vector<std::int64_t> pixels_at(double coverage, const std::vector<RegionLaw>& laws) {
  std::vector<std::int64_t> pixels;
  for (const RegionLaw& law : laws) {
    const auto owned = static_cast<std::int64_t>(law.shares.total_owned);
    const double wanted =
        std::floor((coverage > 0.0 ? std::min(coverage, 1.0) : 0.0) * static_cast<double>(owned) + 0.5);
    pixels.push_back(std::clamp(static_cast<std::int64_t>(wanted), std::min<std::int64_t>(2, owned), owned));
  }
  return pixels;
}

double expected_at(const std::vector<std::int64_t>& pixels, std::vector<RegionLaw>& laws) {
  double sum = 0.0;
  for (std::size_t r = 0; r < laws.size(); ++r) sum += laws[r].expected(pixels[r]);
  return sum;
}

}  // namespace

std::vector<Expectation> expect_error(const ImageView& image, const std::vector<Region>& regions, Version version) {
  std::vector<Expectation> result;
  const std::vector<Tiling> tilings = tile(image.height, image.width, regions, version);
  for (std::size_t r = 0; r < regions.size(); ++r) {
    RegionLaw law(image, tilings[r]);
    Expectation region{law.expected(regions[r].pixels), 0.0};
    for (std::size_t i = 0; i < law.gain.size(); ++i) {
      const std::uint32_t moved = law.shares.moved[i], owned = law.shares.owned[i];
      if (moved == 0) continue;
      const Rectangle part = tilings[r].rectangle(static_cast<std::int64_t>(i));
      region.variance += error_variance(moments_of(image, tilings[r], part, owned), owned, moved, version);
    }
    result.push_back(region);
  }
  return result;
}

Solution solve_pixels(const ImageView& image, const std::vector<Region>& regions, double squared_error,
                      Version version) {
  std::vector<RegionLaw> laws;
  for (const Tiling& tiling : tile(image.height, image.width, regions, version)) laws.emplace_back(image, tiling);
  Solution best{pixels_at(1.0, laws), 0.0, 0.0, 0.0};
  double slope = 0.0, owned = 0.0;
  for (const RegionLaw& law : laws) {
    best.most += law.most;
    slope += law.slope;
    owned += static_cast<double>(law.shares.total_owned);
  }
  best.expected = best.most;
  if (squared_error >= best.most) return best;
  const double near = std::max(0.5 * best.most / owned, 0.001 * squared_error);  // half a pixel, or 0.004 dB
  std::vector<std::int64_t> last = best.pixels;
  // Keeps the pixels at a coverage if they come nearer, and says what they miss; 0 if they are the last ones.
  const auto missed_at = [&](double coverage) {
    const std::vector<std::int64_t> pixels = pixels_at(coverage, laws);
    if (pixels == last) return 0.0;
    last = pixels;
    const double expected = expected_at(pixels, laws), missed = squared_error - expected;
    if (std::fabs(missed) < std::fabs(best.expected - squared_error)) {
      best.pixels = pixels;
      best.expected = expected;
    }
    return std::fabs(missed) <= near ? 0.0 : missed;
  };
  // The law is linear but for the rounding of the windows' shares, so a few steps along the line come to the end of it.
  // In version 2 the line misses the origin, and where windows have shares of two or three pixels it is less steep:
  // down to half of it, since one pixel of each share gives nothing.
  constexpr int steps = 8;
  double coverage = (squared_error + (version == Version::one ? 0.0 : slope - best.most)) / slope;
  for (int step = 0; step < steps; ++step) {
    const double missed = missed_at(coverage);
    if (missed == 0.0) break;
    coverage = std::clamp(coverage + missed / slope, 0.0, 1.0);
  }
  // There few pixels make steps that no line follows.
  constexpr double few = 512.0, aside = 8.0;
  if (version == Version::two && coverage * owned < few && std::fabs(best.expected - squared_error) > near)
    for (double pixels = -aside; pixels <= aside; pixels += 1.0) missed_at(coverage + pixels / owned);
  constexpr double plainly = 1.01;
  if (best.expected > plainly * squared_error)
    best.least = std::min(best.expected, expected_at(pixels_at(0.0, laws), laws));
  return best;
}

}  // namespace fastperturb
