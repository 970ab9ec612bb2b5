// How an SSIM is cut into work: the windows that see a difference are in a box, the box is cut into strips, the strips
// into blocks of four rows. All other windows count as 1 and are not looked at again.
#pragma once

#include "metrics.hpp"

namespace fastperturb {

constexpr std::int64_t ssim_block_rows = 4;

// Pixels [left, right) x [top, bottom); empty if bottom <= top.
struct Box {
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
};

// The smallest box of rows [first, last) that holds every pixel in which the images differ. Reads each pixel outside of
// it once, and few inside.
Box differing_box(const Pair& pair, std::int64_t first, std::int64_t last);

// The smallest box that holds both.
Box united(const Box& a, const Box& b);

// Window centres are counted from the first one, which is half a window inside of the image, or its corner where every
// pixel is scored. By the images, the box and the window alone, so that no sum depends on the threads.
struct SsimPlan {
  std::int64_t radius;
  std::int64_t border;                    // how far the first centre's window starts outside of the image
  std::int64_t all_height, all_width;     // of all centres
  std::int64_t top, left, height, width;  // of those whose windows may differ
  std::int64_t equal_centres;             // how many of the others count
  std::int64_t tiles, segment, blocks;    // `tiles` strips of 16 * segment centres, each `blocks` blocks
  std::int64_t values;                    // sums of a block
  bool boxed;                             // in whole numbers, by SsimBox
  bool summed;                            // by running sums, which are exact, rather than by filters
};

SsimPlan plan_of(const SsimJob& job, const SsimSettings& settings, const Box& differing);

}  // namespace fastperturb
