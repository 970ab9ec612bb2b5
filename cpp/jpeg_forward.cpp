// Samples to quantised coefficients, in whole numbers: the colours of JFIF (ITU-T T.871), chroma as the mean of the
// pixels that share it, and the forward DCT of ITU-T T.81, A.3.3 as two products with a matrix of 13 fractional bits.
#include <algorithm>
#include <cstdlib>
#include <vector>

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

constexpr int sample_bits = 4, kept_bits = 2;  // fractional bits of samples, and more of them between the passes

// Eight values, `step` apart, to eight coefficients with so many fewer fractional bits, halves rounded up. Samples have
// 12 bits, so that no sum has more than 31.
void transform(const std::int32_t* in, std::int32_t* out, std::size_t step, int fewer) {
  std::int32_t sums[4], differences[4];
  for (std::size_t x = 0; x < 4; ++x) {
    sums[x] = in[x * step] + in[(7 - x) * step];
    differences[x] = in[x * step] - in[(7 - x) * step];
  }
  for (std::size_t u = 0; u < 8; ++u) {
    const std::int32_t* values = u % 2 == 0 ? sums : differences;
    std::int32_t sum = 1 << (fewer - 1);
    for (std::size_t x = 0; x < 4; ++x) sum += cosines[u][x] * values[x];
    out[u * step] = sum >> fewer;
  }
}

// 64 samples in raster order, minus 128, to the coefficients of a block.
void transform_block(const std::int32_t* values, const std::array<std::uint16_t, 64>& quantiser, std::int16_t* out) {
  std::int32_t half[64], full[64];
  for (std::size_t i = 0; i < 8; ++i) transform(values + 8 * i, half + 8 * i, 1, fraction - kept_bits);
  for (std::size_t i = 0; i < 8; ++i) transform(half + i, full + i, 8, fraction);
  constexpr int bits = sample_bits + kept_bits;
  for (std::size_t k = 0; k < 64; ++k) {
    const std::int32_t value = full[zigzag[k]], divisor = quantiser[k] << bits;
    const std::int32_t nearest = (2 * std::abs(value) + divisor) / (2 * divisor);
    const std::int32_t most = k == 0 && value < 0 ? 1024 : 1023;
    out[k] = static_cast<std::int16_t>(value < 0 ? -std::min(nearest, most) : std::min(nearest, most));
  }
}

// The samples of an MCU, times 65,536, component after component.
class Mcu {
 public:
  Mcu(const Frame& frame, bool colours)
      : wide_(8 * frame.across),
        pixels_(static_cast<std::size_t>(wide_ * 8 * frame.down)),
        channels_(frame.components.size()),
        colours_(colours),
        planes_(pixels_ * channels_) {}

  void load(const std::uint8_t* from, std::size_t row_bytes) {
    const auto wide = static_cast<std::size_t>(wide_);
    for (std::size_t i = 0; i < pixels_; ++i) {
      const std::uint8_t* pixel = from + i / wide * row_bytes + i % wide * channels_;
      if (!colours_) {
        for (std::size_t c = 0; c < channels_; ++c) planes_[c * pixels_ + i] = pixel[c] << 16;
        continue;
      }
      const std::int32_t red = pixel[0], green = pixel[1], blue = pixel[2];
      planes_[i] = 19595 * red + 38470 * green + 7471 * blue;
      planes_[pixels_ + i] = 32768 * blue - 11059 * red - 21709 * green + (128 << 16);
      planes_[2 * pixels_ + i] = 32768 * red - 27439 * green - 5329 * blue + (128 << 16);
    }
  }

  // A block of a component: the means of `across` x `down` pixels, minus 128, with fractional bits.
  void take(std::size_t component, int block_x, int block_y, int across, int down, std::int32_t* values) const {
    const std::int32_t count = across * down, divisor = count << (16 - sample_bits);
    for (int i = 0; i < 64; ++i) {
      const int top = (block_y * 8 + i / 8) * down, left = (block_x * 8 + i % 8) * across;
      std::int32_t sum = 0;  // of up to 16 pixels of 24 bits
      for (int y = top; y < top + down; ++y)
        for (int x = left; x < left + across; ++x)
          sum += planes_[component * pixels_ + static_cast<std::size_t>(y * wide_ + x)];
      values[i] = (sum + divisor / 2) / divisor - (128 << sample_bits);
    }
  }

 private:
  int wide_;
  std::size_t pixels_, channels_;
  bool colours_;
  std::vector<std::int32_t> planes_;
};

}  // namespace

void forward(const Frame& frame, const Samples& samples, std::int16_t* out) {
  const std::size_t channels = frame.components.size();
  const auto mcu_bytes = static_cast<std::size_t>(8 * frame.across) * channels;
  const std::size_t row_bytes = static_cast<std::size_t>(samples.columns) * mcu_bytes;
  Mcu mcu(frame, samples.colours);
  std::int32_t values[64];
  for (int row = 0; row < samples.rows; ++row)
    for (int column = 0; column < samples.columns; ++column) {
      const std::size_t top = static_cast<std::size_t>(row * 8 * frame.down) * row_bytes;
      mcu.load(samples.data + top + static_cast<std::size_t>(column) * mcu_bytes, row_bytes);
      for (std::size_t c = 0; c < channels; ++c) {
        const Component& component = frame.components[c];
        const int across = frame.across / component.across, down = frame.down / component.down;
        for (int block = 0; block < component.across * component.down; ++block, out += 64) {
          const int x = block % component.across, y = block / component.across;
          mcu.take(c, x, y, across, down, values);
          transform_block(values, frame.quantisers[static_cast<std::size_t>(component.quantiser)], out);
          if ((samples.row + row) * component.down + y >= component.blocks_y ||
              (samples.column + column) * component.across + x >= component.blocks_x) {
            if (!component.dc_interleaved) out[0] = 0;
            std::fill(out + 1, out + 64, std::int16_t{0});
          }
        }
      }
    }
}

}  // namespace fastperturb::jpeg
