// The moments of windows whose samples lie far apart, against the data range: in double, each row counted from its own
// centre pixel, so that what is small beside the levels of the strip is not lost.
#pragma once

#include "ssim_source.hpp"

namespace fastperturb {

// Of a window: means and variances of x + y and x - y, and variances of x and y, all times scale or its square.
struct SsimMoments {
  double mean_u, mean_v, variance_u, variance_v, variance_a, variance_b;
};

class SsimFar {
 public:
  SsimFar(SsimSource& source, const SsimSettings& settings, std::int64_t channels);

  // Writes the moments of the strip's windows in rows y .. y + count - 1 of a channel, row by row. y never falls.
  void moments(std::int64_t y, std::int64_t count, std::int64_t channel, SsimMoments* out);

 private:
  // Of a row of a window: its centre pixel, and the weighted sums of what the others are away from it: x, y, their
  // squares, x - y and its square.
  struct Row {
    double centre_a, centre_b, a, b, aa, bb, v, vv;
  };
  void filter_row(std::int64_t y);
  const Row* row_at(std::int64_t y, std::int64_t channel) const;
  SsimMoments window(std::int64_t y, std::int64_t channel, std::int64_t x) const;

  SsimSource& source_;
  const SsimSettings& settings_;
  std::int64_t channels_, radius_, width_, slots_;
  std::int64_t held_ = 0;       // the ring holds rows before this one
  std::vector<double> pixels_;  // a row of a, then of b
  std::vector<Row> ring_;
};

}  // namespace fastperturb
