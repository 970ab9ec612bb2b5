// The view: what anyone can read of an image without the key. Every window keeps its multiset of pixels, so the mean
// of each window, and all that is computed from the means, is the same before and after a permutation, bit for bit.
#pragma once

#include <vector>

#include "image.hpp"

namespace fastperturb {

enum class Interpolation : std::uint8_t { mosaic, linear, cubic, lanczos };

// Outside the centres of the outer windows: their mean holds, or the interpolation goes on as if it were repeated.
enum class Border : std::uint8_t { hold, replicate };

// Replaces the pixels that each region owns by its windows' means, or by a smooth interpolation of them, in place.
// Integers are rounded half up and clamped. The regions' `pixels` are not read. Throws as tile() says.
void draw_view(const ImageView& image, const std::vector<Region>& regions, Interpolation interpolation, Border border,
               Version version);

}  // namespace fastperturb
