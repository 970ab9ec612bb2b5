// Where a strip of an SSIM gets its rows: reads them in place or copies them, reflected beyond the borders, spreads
// them over the lanes, and knows in which rows the two images differ. Rows are counted from the first that a window of
// the plan sees.
#pragma once

#include "kernels.hpp"
#include "ssim_plan.hpp"

namespace fastperturb {

// In place of the luminance's constant where that term is to be 1: float loses the means beside it.
constexpr float no_luminance = 1e25f;

class SsimSource {
 public:
  SsimSource(const Pair& pair, const SsimSettings& settings, const SsimPlan& plan, std::int64_t tile);

  const Strip& strip() const { return strip_; }
  std::int64_t left() const { return left_; }    // the strip's first centre, among all centres
  std::int64_t width() const { return width_; }  // how many of the strip's 16 * segment centres there are

  // Whether any of the rows first .. last - 1 differs. Looks at no row twice, and at few where all differ; `first` and
  // `last` never fall from call to call.
  bool differs(std::int64_t first, std::int64_t last);

  // Asks for a part of a row that is due some rows after row y: a strip's rows lie too far apart for the processor to
  // foresee them, and all of a row at once would be more than it can wait for.
  void prefetch(std::int64_t y, std::int64_t part, std::int64_t parts) const;

  // Writes row y as ssim_spread does.
  void spread(std::int64_t y, float* u, float* v);

  // Writes row y as box_spread does.
  void spread_pairs(std::int64_t y, std::uint8_t* pairs);

  // Writes row y as it is, times scale: the strip's width() + 2 radius pixels of a and of b.
  void read(std::int64_t y, double scale, double* a, double* b);

 private:
  void choose_centre();
  std::int64_t image_row(std::int64_t y) const;
  bool row_differs(std::int64_t y) const;
  bool row_meets(std::int64_t row) const;
  const std::uint8_t* load(const Samples& image, std::int64_t y, std::uint8_t* buffer) const;

  const Pair& pair_;
  const SsimPlan& plan_;
  const Kernels& kernels_;
  Strip strip_{};
  std::int64_t left_ = 0, width_ = 0;
  std::int64_t first_column_ = 0, last_column_ = 0;  // of the image that the windows see
  std::int64_t differs_at_ = -1, equal_until_ = 0;   // a row that differs; from there on, rows known to be equal
  std::vector<std::uint8_t> buffer_;                 // copies of rows that end too early or are reflected
};

}  // namespace fastperturb
