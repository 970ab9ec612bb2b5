// Samples to quantised coefficients, in whole numbers: the colours of JFIF (ITU-T T.871), chroma as the mean of the
// pixels that share it, and the forward DCT of ITU-T T.81, A.3.3 as two products with a matrix of 13 fractional bits.
#include <algorithm>
#include <cstdlib>

#include "jpeg.hpp"

namespace fastperturb::jpeg {
namespace {

constexpr int fraction = 13;
// cos((2x + 1) u pi / 16) / 2, and of u = 0 the same over the root of two, times 2^13; of x = 0 to 3, the others by
// symmetry.
constexpr std::int32_t cosines[8][4] = {
    {2896, 2896, 2896, 2896},   {4017, 3406, 2276, 799},  {3784, 1567, -1567, -3784}, {3406, -799, -4017, -2276},
    {2896, -2896, -2896, 2896}, {2276, -4017, 799, 3406}, {1567, -3784, 3784, -1567}, {799, -2276, 3406, -4017}};
constexpr std::uint8_t zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                     12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                     35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                     58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// Eight values, `step` apart, to eight coefficients with so many fewer fractional bits, halves rounded up.
void transform(const std::int64_t* in, std::int64_t* out, std::size_t step, int fewer) {
  for (std::size_t u = 0; u < 8; ++u) {
    std::int64_t sum = std::int64_t{1} << (fewer - 1);
    for (std::size_t x = 0; x < 4; ++x) {
      const std::int64_t far = in[(7 - x) * step];
      sum += cosines[u][x] * (in[x * step] + (u % 2 == 0 ? far : -far));
    }
    out[u * step] = sum >> fewer;
  }
}

// 64 samples, raster order, minus 128 and with `scale` of each being one, to the coefficients of a block.
void transform_block(std::int64_t* values, const std::array<std::uint16_t, 64>& quantiser, std::int64_t scale,
                     std::int16_t* out) {
  constexpr int kept = 4;  // fractional bits between the passes
  std::int64_t half[64], full[64];
  for (std::size_t i = 0; i < 8; ++i) transform(values + 8 * i, half + 8 * i, 1, fraction - kept);
  for (std::size_t i = 0; i < 8; ++i) transform(half + i, full + i, 8, fraction - kept);
  for (std::size_t k = 0; k < 64; ++k) {
    const std::int64_t value = full[zigzag[k]], divisor = scale * quantiser[k] << (2 * kept);
    const std::int64_t nearest = (2 * std::abs(value) + divisor) / (2 * divisor);
    const std::int64_t most = k == 0 && value < 0 ? 1024 : 1023;
    out[k] = static_cast<std::int16_t>(value < 0 ? -std::min(nearest, most) : std::min(nearest, most));
  }
}

// A component's sample of one pixel, times 65,536.
std::int64_t sample_of(const std::uint8_t* pixel, std::size_t component, bool colours) {
  if (!colours) return std::int64_t{pixel[component]} << 16;
  const std::int64_t red = pixel[0], green = pixel[1], blue = pixel[2];
  if (component == 0) return 19595 * red + 38470 * green + 7471 * blue;
  if (component == 1) return 32768 * blue - 11059 * red - 21709 * green + (std::int64_t{128} << 16);
  return 32768 * red - 27439 * green - 5329 * blue + (std::int64_t{128} << 16);
}

}  // namespace

void forward(const Frame& frame, const Samples& samples, std::int16_t* out) {
  const std::size_t channels = frame.components.size();
  const auto row_bytes = static_cast<std::size_t>(samples.columns * 8 * frame.across) * channels;
  for (int row = 0; row < samples.rows; ++row)
    for (int column = 0; column < samples.columns; ++column)
      for (std::size_t c = 0; c < channels; ++c) {
        const Component& component = frame.components[c];
        const int wide = frame.across / component.across, high = frame.down / component.down;
        for (int block = 0; block < component.across * component.down; ++block, out += 64) {
          const int y = row * component.down + block / component.across;
          const int x = column * component.across + block % component.across;
          std::int64_t values[64];
          for (int i = 0; i < 64; ++i) {
            std::int64_t sum = 0;
            for (int dy = 0; dy < high; ++dy)
              for (int dx = 0; dx < wide; ++dx) {
                const auto top = static_cast<std::size_t>((y * 8 + i / 8) * high + dy);
                const auto left = static_cast<std::size_t>((x * 8 + i % 8) * wide + dx);
                sum += sample_of(samples.data + top * row_bytes + left * channels, c, samples.colours);
              }
            values[i] = (sum - (std::int64_t{128 * wide * high} << 16)) >> 8;
          }
          const std::int64_t scale = std::int64_t{wide * high} << 8;
          transform_block(values, frame.quantisers[static_cast<std::size_t>(component.quantiser)], scale, out);
          if (samples.row * component.down + y >= component.blocks_y ||
              samples.column * component.across + x >= component.blocks_x) {
            if (!component.dc_interleaved) out[0] = 0;
            std::fill(out + 1, out + 64, std::int16_t{0});
          }
        }
      }
}

}  // namespace fastperturb::jpeg
