// How much of the ellipse in a box a region's ellipse covers, counted on a lattice in whole numbers: the same
// everywhere.
#pragma once

#include <cstdint>

namespace fastperturb {

// A box in hundredths of a pixel, from the corner of the region's box.
struct HeadBox {
  std::int64_t x, y, width, height;
};

constexpr std::int64_t most_hundredths = std::int64_t{1} << 33;  // of a box's place and sides; then nothing overflows

// How many points of a lattice of 32 x 32 across the box, those in its ellipse, lie in the ellipse of a region of
// `width` x `height` pixels.
int covered_points(const HeadBox& head, std::int64_t width, std::int64_t height);

// How many points there are to be covered.
int lattice_points();

}  // namespace fastperturb
