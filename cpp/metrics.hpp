// How alike two images are: squared error and SSIM (Wang, Bovik, Sheikh, Simoncelli 2004), of one pair or many. The
// same bits for every number of threads and every build: sums are kept per block of rows and added in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fastperturb {

enum class Element : std::uint8_t { u8, u16, f32, f64 };

constexpr std::size_t element_bytes(Element element) {
  return element == Element::u8 ? 1U : element == Element::u16 ? 2U : element == Element::f32 ? 4U : 8U;
}

// An image to be read: rows of packed pixels, row_bytes apart (which may be negative).
struct Samples {
  const std::uint8_t* data;
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;
  std::int64_t row_bytes;
  Element element;

  std::size_t pixel_bytes() const { return static_cast<std::size_t>(channels) * element_bytes(element); }
  const std::uint8_t* at(std::int64_t y, std::int64_t x) const {
    return data + y * row_bytes + x * static_cast<std::int64_t>(pixel_bytes());
  }
};

// Two images of one shape and element; where mask is not null, only pixels at which its byte is not 0 count. The mask's
// rows are mask_row_bytes apart.
struct Pair {
  Samples a;
  Samples b;
  const std::uint8_t* mask = nullptr;
  std::int64_t mask_row_bytes = 0;
};

// Mean squared difference over the samples that count, per pair; NaN where none does. Integer sums are exact; of
// floating samples the squares are added in double, so that NaN, infinity or overflow make the mean not finite.
double mean_squared_error(const Pair& pair, int threads);
std::vector<double> mean_squared_errors(const std::vector<Pair>& pairs, int threads);

// Whether no sample is NaN or infinite.
bool all_finite(const Samples& image);

// Writes the image at half its size, ((height + 1) / 2) x ((width + 1) / 2), packed: doubles for f64, else floats. Each
// pixel is the mean of four; an odd last row or column is paired with itself.
void halve(const Samples& image, void* out);

struct SsimSettings {
  std::vector<float>
      weights;        // half of the separable symmetric window, the centre first; they sum to 1 over the window
  double luminance;   // (K1 L)^2
  double contrast;    // (K2 L)^2
  double scale;       // of floating samples: a power of two that brings the data range L near 1; else 1
  double covariance;  // n / (n - 1) for sample covariances of an n-pixel window, else 1
  bool uniform;       // the weights are all the same
  bool whole;         // score every pixel, the borders reflected with the edge repeated; else whole windows only
  bool structure;     // the luminance term is left out: contrast times structure alone
  bool terms;         // also sum the three terms, and use the exponents
  double alpha, beta, gamma;  // exponents of luminance, contrast, structure; read if terms
};

// What is summed for a channel if settings.terms; else there is the score alone.
enum SsimValue {
  ssim_score_value,
  ssim_luminance,
  ssim_contrast,
  ssim_structure,
  ssim_contrast_structure,
  ssim_values
};

struct SsimJob {
  Pair pair;   // a mask counts by the windows' centres
  float* map;  // height x width x channels, every value written; or null. Needs settings.whole
};

// Per job, the means over the windows that count: channels x (terms ? ssim_values : 1); NaN where none counts. Windows
// in which a and b are equal give exactly 1 and are not computed. Images must be at least a window in size.
std::vector<std::vector<double>> ssim(const std::vector<SsimJob>& jobs, const SsimSettings& settings, int threads);

}  // namespace fastperturb
