// How the pixels of one window scatter about their mean, and how the squared error of a permutation of them scatters.
#pragma once

#include <cstdint>
#include <cstring>

#include "image.hpp"
#include "windows.hpp"

namespace fastperturb {

template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

struct Moments {
  double squares = 0.0;  // sum over the pixels of |x - mean|^2, x the vector of a pixel's channels
  double fourths = 0.0;  // of |x - mean|^4
  double scatter = 0.0;  // sum of the squared entries of the scatter matrix, the sum of (x - mean)(x - mean)'
};

// Of the `owned` pixels of a part of a tiling; two passes in double.
Moments moments_of(const ImageView& image, const Tiling& tiling, const Rectangle& part, std::uint32_t owned);

// The variance of the squared error of a window with `owned` pixels of which `moved`, at least 2, are drawn:
// docs/distance.md, "How much a single one scatters", has the terms in the same order.
double error_variance(const Moments& moments, double owned, double moved, Version version);

}  // namespace fastperturb
