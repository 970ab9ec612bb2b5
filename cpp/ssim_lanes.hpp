// Which of a strip's centres count, spread over the lanes as the kernels want them, and the way of scores into a map.
#pragma once

#include "ssim_source.hpp"

namespace fastperturb {

class SsimLanes {
 public:
  // `select` is memory for the marks of ssim_block_rows rows, 16 * segment floats each.
  SsimLanes(const SsimJob& job, const SsimPlan& plan, const SsimSource& source, float* select);

  // Where pixel x of the strip lies in a plane.
  std::size_t place(std::int64_t x) const;

  // Marks the centres of rows y .. y + count - 1 that the mask lets count, and counts them.
  std::int64_t mark(std::int64_t y, std::int64_t count);

  // The marks of a block's row r, 1 for a centre that counts, else 0.
  const float* marks(std::int64_t r) const { return select_ + static_cast<std::size_t>(r) * pitch(); }

  // Floats between the marks of two rows: 0 where all are the same.
  std::size_t pitch() const { return job_.pair.mask == nullptr ? 0 : floats_; }

  // Puts a block's scores, planes of 16 * segment floats, or 1 where there are none, into the map.
  void fill_map(std::int64_t y, std::int64_t count, std::int64_t channel, const float* scores) const;

 private:
  const SsimJob& job_;
  const SsimPlan& plan_;
  const SsimSource& source_;
  float* select_;
  std::size_t floats_;
};

}  // namespace fastperturb
