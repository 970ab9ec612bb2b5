// Which of a strip's centres count, spread over the lanes as the kernels want them, and the way of scores into a map.
#pragma once

#include <algorithm>

#include "ssim_source.hpp"

namespace fastperturb {

class SsimLanes {
 public:
  // `select` is memory for the marks of ssim_block_rows rows, 16 * segment floats each.
  SsimLanes(const SsimJob& job, const SsimPlan& plan, SsimSource& source, float* select);

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

  // Calls score(y, count, sums of the block) for the blocks in [first, last) that must be computed; the others' windows
  // are equal, or nobody wants them. Writes their sums to sums[block * plan.values], and all centres to centres[block].
  template <typename Score>
  void run(std::int64_t first, std::int64_t last, double* sums, std::int64_t* centres, const Score& score) {
    for (std::int64_t block = first; block < last; ++block) {
      const std::int64_t y = block * ssim_block_rows, count = std::min(ssim_block_rows, plan_.height - y);
      double* to = sums + block * plan_.values;
      centres[block] = mark(y, count);
      const bool wanted = centres[block] > 0 || job_.map != nullptr;
      if (wanted && source_.differs(y, y + count + 2 * plan_.radius)) {
        score(y, count, to);
        continue;
      }
      for (std::int64_t i = 0; i < plan_.values; ++i) to[i] = static_cast<double>(centres[block]);
      for (std::int64_t c = 0; job_.map != nullptr && c < job_.pair.a.channels; ++c) fill_map(y, count, c, nullptr);
    }
  }

 private:
  const SsimJob& job_;
  const SsimPlan& plan_;
  SsimSource& source_;
  float* select_;
  std::size_t floats_;
};

}  // namespace fastperturb
