// One strip of an SSIM of 8-bit images under a uniform window, in whole numbers: a ring of spread rows and the sums of
// each column, from top to bottom in blocks of four rows of windows. Blocks of equal windows are counted, not computed.
#pragma once

#include <memory>
#include <vector>

#include "ssim_lanes.hpp"

namespace fastperturb {

class SsimBox {
 public:
  SsimBox(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile);

  // Writes the sums of blocks [first, last) to sums[block * plan.values], and their centres to centres[block].
  void run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres);

 private:
  void score_block(std::int64_t y, std::int64_t count, double* sums);
  void enter(std::int64_t y);
  BoxRow row_of(std::int64_t y, std::int64_t channel, bool first) const;

  const SsimJob& job_;
  const SsimPlan& plan_;
  const Kernels& kernels_;
  SsimSource source_;
  BoxConstants constants_;
  std::int64_t channels_, slots_, row_bytes_, column_ints_;  // of the ring; of a row in it; of a channel's columns
  std::int64_t held_ = -1;                                   // the columns hold the rows of windows before this one
  std::unique_ptr<std::uint8_t[]> memory_;                   // of all that follows, aligned to 64 bytes
  std::uint8_t *ring_ = nullptr, *zeros_ = nullptr;
  std::int32_t* columns_ = nullptr;
  float *select_ = nullptr, *map_ = nullptr;
  std::unique_ptr<SsimLanes> lanes_;
};

}  // namespace fastperturb
