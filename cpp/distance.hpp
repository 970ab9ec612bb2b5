// The distance law: how far a perturbation moves an image, known before a pixel moves, and how many pixels must move
// to come to a given distance. docs/distance.md derives it. "Squared error" is the sum of the squared differences of
// all samples.
#pragma once

#include <cstdint>
#include <vector>

#include "image.hpp"

namespace fastperturb {

// Of the squared error over all subkeys.
struct Expectation {
  double mean;
  double variance;
};

// For each region the squared error that moving its `pixels` gives. The regions are independent, so both numbers add
// up. Integer samples: exact but for the last rounding of each window; float32: two passes in double. Throws
// std::invalid_argument as tile() and split_shares() say.
std::vector<Expectation> expect_error(const ImageView& image, const std::vector<Region>& regions, Version version);

struct Solution {
  std::vector<std::int64_t> pixels;  // for each region
  double expected;                   // squared error of these
  double least;                      // with two pixels of each region
  double most;                       // with all pixels
};

// How many pixels must move for the expected squared error to come nearest to the one asked for, with the same
// coverage in all regions and at least two pixels in each (one, where it owns no more). The regions' `pixels` are not
// read. `least` is worked out only where the answer lies above what was asked for, and is 0 otherwise. Throws as tile()
// says.
Solution solve_pixels(const ImageView& image, const std::vector<Region>& regions, double squared_error,
                      Version version);

}  // namespace fastperturb
