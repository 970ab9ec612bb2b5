// One strip of an SSIM at work: 16 lanes wide, from top to bottom in blocks of four rows of windows. It holds a ring of
// filtered rows, or running sums; blocks of equal windows are counted, not computed.
#pragma once

#include <memory>

#include "ssim_far.hpp"
#include "ssim_lanes.hpp"

namespace fastperturb {

class SsimStrip {
 public:
  SsimStrip(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile);

  // Writes the sums of blocks [first, last) to sums[block * plan.values], and their centres to centres[block].
  void run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres);

 private:
  void allocate();
  void filter_row(std::int64_t y);
  void filtered_moments(std::int64_t y, std::int64_t count, std::int64_t plane, float* moments);
  float* spread_row(std::int64_t y) const;
  void summed_moments(std::int64_t y, std::int64_t count, std::int64_t channel);
  void score_block(std::int64_t y, std::int64_t count, double* sums);
  void score_terms(std::int64_t count, double* sums) const;
  void score_far(std::int64_t y, std::int64_t count, std::int64_t channel, double* sums);

  const SsimJob& job_;
  const SsimSettings& settings_;
  const SsimPlan& plan_;
  const Kernels& kernels_;
  SsimSource source_;
  SsimConstants constants_;
  std::unique_ptr<SsimFar> far_;  // none until a window needs it
  std::vector<SsimMoments> far_moments_;
  std::int64_t slots_ = 0, planes_ = 0;               // rows in the ring; planes per row
  std::size_t plane_floats_ = 0, spread_floats_ = 0;  // of a plane of centres; of a plane as spread
  std::size_t filtered_floats_ = 0, ring_pitch_ = 0;  // of the four planes of a filtered row; between rows of the ring
  std::vector<std::int64_t> summed_from_;             // per channel, the first of the rows that its running sums hold
  std::int64_t held_ = 0;                             // the ring holds the rows before this one
  std::vector<const float*> rows_;
  std::unique_ptr<float[]> memory_;  // of all that follows, aligned to 64 bytes
  float *u_ = nullptr, *v_ = nullptr, *ring_ = nullptr, *sums_ = nullptr;
  float *moments_ = nullptr, *own_moments_ = nullptr, *select_ = nullptr, *map_ = nullptr;
  std::unique_ptr<SsimLanes> lanes_;
};

}  // namespace fastperturb
