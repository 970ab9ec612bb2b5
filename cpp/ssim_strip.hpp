// One strip of an SSIM at work: 16 lanes wide, from top to bottom in blocks of four rows of windows. It holds a ring of
// filtered rows and knows where its two images differ; blocks of equal windows are counted, not computed.
#pragma once

#include <memory>

#include "kernels.hpp"
#include "metrics.hpp"

namespace fastperturb {

constexpr std::int64_t ssim_block_rows = 4;

// How a job is cut, by its shape and the window alone: `tiles` strips of 16 * segment window centres, each `blocks` blocks
// of four rows, each of which has `values` sums.
struct SsimPlan {
  std::int64_t radius;
  std::int64_t border;         // how far the first centre's window starts outside of the image
  std::int64_t height, width;  // of the centres
  std::int64_t tiles, segment, blocks, values;
};

SsimPlan plan_of(const SsimJob& job, const SsimSettings& settings);

class SsimStrip {
 public:
  SsimStrip(const SsimJob& job, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile);

  // Adds the sums of blocks [first, last) at sums[block * plan.values], and their centres at centres[block].
  void run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres);

 private:
  void allocate();
  void choose_centre();
  std::size_t lane_place(std::int64_t x) const;
  std::int64_t select_centres(std::int64_t y, std::int64_t count);
  bool rows_differ(std::int64_t y);
  bool differs(std::int64_t first, std::int64_t last);
  const std::uint8_t* load(const Samples& image, std::int64_t y, std::uint8_t* buffer) const;
  void prefetch(const Samples& image, std::int64_t y) const;
  void hold(std::int64_t y);
  void columns(std::int64_t y, std::int64_t count, std::int64_t plane, float* moments);
  void score_block(std::int64_t y, std::int64_t count, double* sums);
  void score_terms(std::int64_t count, double* sums) const;
  void fill_map(std::int64_t y, std::int64_t count, std::int64_t channel, const float* scores) const;

  const SsimJob& job_;
  const SsimSettings& settings_;
  const SsimPlan& plan_;
  const Kernels& kernels_;
  Strip strip_{};
  SsimConstants constants_{};
  std::int64_t left_ = 0, width_ = 0;                    // of the strip's centres
  std::int64_t first_column_ = 0, last_column_ = 0;      // of the image that its windows see
  std::int64_t slots_ = 0, planes_ = 0;                  // rows in the ring; filtered planes per row
  std::int64_t differs_at_ = -1, equal_until_ = 0;       // a row that differs; from there on, rows known to be equal
  std::size_t plane_floats_ = 0, filtered_floats_ = 0, ring_pitch_ = 0;   // of one plane of centres; of the four that a filter gives
  std::vector<std::int64_t> held_;                       // which row a slot of the ring holds
  std::vector<const float*> rows_;
  std::vector<std::uint8_t> row_bytes_;                  // copies of rows that end too early or are reflected
  std::unique_ptr<float[]> memory_;                      // of all that follows, aligned to 64 bytes
  float *u_ = nullptr, *v_ = nullptr, *ring_ = nullptr, *moments_ = nullptr, *own_moments_ = nullptr;
  float *select_ = nullptr, *map_ = nullptr;
};

}  // namespace fastperturb
