// Sums over the pixels of a window, and the moments of a sum over random permutations of a sample of them.
#include "window_moments.hpp"

#include <algorithm>
#include <cstddef>

namespace fastperturb {
namespace {

template <typename T>
Moments moments_of(const ImageView& image, const Tiling& tiling, const Rectangle& part, std::uint32_t owned) {
  const auto channels = static_cast<std::size_t>(image.channels);
  double mean[4] = {};
  const auto each_pixel = [&](const auto& visit) {
    tiling.for_each_run(part, [&](std::int64_t x, std::int64_t y, std::int64_t run) {
      const std::uint8_t* from = image.at(y, x);
      for (std::int64_t i = 0; i < run; ++i, from += channels * sizeof(T)) visit(from);
    });
  };
  each_pixel([&](const std::uint8_t* from) {
    for (std::size_t c = 0; c < channels; ++c) mean[c] += static_cast<double>(load<T>(from + c * sizeof(T)));
  });
  for (double& value : mean) value /= owned;
  Moments moments;
  double scatter[4][4] = {};
  each_pixel([&](const std::uint8_t* from) {
    double deviation[4] = {}, square = 0.0;
    for (std::size_t c = 0; c < channels; ++c) {
      deviation[c] = static_cast<double>(load<T>(from + c * sizeof(T))) - mean[c];
      square += deviation[c] * deviation[c];
    }
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t d = 0; d < channels; ++d) scatter[c][d] += deviation[c] * deviation[d];
    moments.squares += square;
    moments.fourths += square * square;
  });
  for (const auto& row : scatter)
    for (const double entry : row) moments.scatter += entry * entry;
  return moments;
}

// Of a shift along one cycle (version 1).
double cycle_variance(const Moments& m, double owned, double moved) {
  const double n = owned, k = moved, q = m.squares, pairs = n * (n - 1.0);
  const double length = k * (1.0 - k / n) * (m.fourths - q * q / n) / (n - 1.0);
  double square = 2.0 * k * (m.scatter - m.fourths) / pairs,
         both = -2.0 * k * m.fourths / pairs;  // k = 2: one edge twice
  if (moved > 2.0) {
    const double triples = pairs * (n - 2.0);
    square = k * (m.scatter - m.fourths) / pairs + 2.0 * k * (2.0 * m.fourths - m.scatter) / triples;
    both += k * (k - 2.0) * (2.0 * m.fourths - q * q) / triples;
    if (moved > 3.0) square += k * (k - 3.0) * (q * q - 6.0 * m.fourths + 2.0 * m.scatter) / (triples * (n - 3.0));
  }
  const double edges = -k * q / pairs;
  const double inner = square - edges * edges, shared = both - (k * q / n) * edges;
  return 4.0 * (length + inner - 2.0 * shared);
}
// Of a uniform arrangement (version 2). f_r is the chance that r given different pixels are all drawn.
double arrangement_variance(const Moments& m, double owned, double moved) {
  const double n = owned, k = moved, q = m.squares, f = m.fourths, g = m.scatter;
  const double f1 = k / n, f2 = f1 * (k - 1.0) / (n - 1.0);
  const double f3 = moved > 2.0 ? f2 * (k - 2.0) / (n - 2.0) : 0.0;
  const double f4 = moved > 3.0 ? f3 * (k - 3.0) / (n - 3.0) : 0.0;
  const double sum = f1 * f - 4.0 * f2 * f + f2 * (q * q - f) + 2.0 * f2 * (g - f) + 2.0 * f3 * (2.0 * f - q * q) +
                     4.0 * f3 * (2.0 * f - g) + f4 * (q * q - 6.0 * f + 2.0 * g);
  const double along = f1 * f - 2.0 * f2 * f + f2 * (g - f) + f3 * (2.0 * f - g);
  const double beside = f1 * f - 2.0 * f2 * f + f2 * (q * q - f) + f3 * (2.0 * f - q * q);
  const double entries = f1 * f + f2 * (g - f) - 2.0 * along / k + sum / (k * k);
  const double trace = f1 * f + f2 * (q * q - f) - 2.0 * beside / k + sum / (k * k);
  const double mean = (k - 1.0) * q / (n - 1.0);
  return 4.0 * (entries / (k - 1.0) + trace - mean * mean);
}

}  // namespace

Moments moments_of(const ImageView& image, const Tiling& tiling, const Rectangle& part, std::uint32_t owned) {
  if (image.sample == Sample::u8) return moments_of<std::uint8_t>(image, tiling, part, owned);
  if (image.sample == Sample::u16) return moments_of<std::uint16_t>(image, tiling, part, owned);
  return moments_of<float>(image, tiling, part, owned);
}

double error_variance(const Moments& moments, double owned, double moved, Version version) {
  const auto variance = version == Version::one ? cycle_variance : arrangement_variance;
  return std::max(0.0, variance(moments, owned, moved));
}

}  // namespace fastperturb
