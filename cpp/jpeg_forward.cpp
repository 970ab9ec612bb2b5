// Samples to quantised coefficients: the colours of JFIF (ITU-T T.871) in whole numbers, chroma as the mean of the
// pixels that share it, and the forward DCT of ITU-T T.81, A.3.3 as two products with a matrix of floats, added up in
// one order: the same on every processor.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "jpeg.hpp"

namespace fastperturb::jpeg {
namespace {

// cos((2x + 1) u pi / 16) / 2, and of u = 0 the same over the root of two; of x = 0 to 3, the others by symmetry.
constexpr float cosines[8][4] = {
    {0.35355339f, 0.35355339f, 0.35355339f, 0.35355339f},   {0.49039264f, 0.41573481f, 0.27778512f, 0.09754516f},
    {0.46193977f, 0.19134172f, -0.19134172f, -0.46193977f}, {0.41573481f, -0.09754516f, -0.49039264f, -0.27778512f},
    {0.35355339f, -0.35355339f, -0.35355339f, 0.35355339f}, {0.27778512f, -0.49039264f, 0.09754516f, 0.41573481f},
    {0.19134172f, -0.46193977f, 0.46193977f, -0.19134172f}, {0.09754516f, -0.27778512f, 0.41573481f, -0.49039264f}};
constexpr std::uint8_t zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                     12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                     35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                     58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// The transform of all eight columns of a block, eight at a time, in one order.
void transform_columns(const float* in, float* out) {
  float sums[4][8], differences[4][8];
  for (std::size_t x = 0; x < 4; ++x)
    for (std::size_t i = 0; i < 8; ++i) {
      sums[x][i] = in[x * 8 + i] + in[(7 - x) * 8 + i];
      differences[x][i] = in[x * 8 + i] - in[(7 - x) * 8 + i];
    }
  for (std::size_t u = 0; u < 8; ++u) {
    const auto& values = u % 2 == 0 ? sums : differences;
    for (std::size_t i = 0; i < 8; ++i)
      out[u * 8 + i] = (cosines[u][0] * values[0][i] + cosines[u][1] * values[1][i]) +
                       (cosines[u][2] * values[2][i] + cosines[u][3] * values[3][i]);
  }
}

// A block turned about its diagonal.
void turn(const float* in, float* out) {
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 8; ++x) out[x * 8 + y] = in[y * 8 + x];
}

using Raster = std::array<float, 64>;

// Where a coefficient lies in a block that is turned about its diagonal, by its place in a file's order.
constexpr std::size_t turned(std::size_t k) { return zigzag[k] % 8u * 8u + zigzag[k] / 8u; }

// A file's quantiser in raster order, turned.
Raster to_raster(const std::array<std::uint16_t, 64>& quantiser) {
  Raster found{};
  for (std::size_t k = 0; k < 64; ++k) found[turned(k)] = static_cast<float>(quantiser[k]);
  return found;
}

template <std::size_t... k>
void to_file_order(const std::int32_t* in, std::int16_t* out, std::index_sequence<k...>) {
  ((out[k] = static_cast<std::int16_t>(in[turned(k)])), ...);
}

// To the nearest whole number within bounds, halves away from zero.
std::int32_t round_within(float value, float low, float high) {
  const float away = value + std::copysign(0.5f, value), above = away > low ? away : low;
  return static_cast<std::int32_t>(above < high ? above : high);
}

// 64 samples in raster order, minus 128, to the coefficients of a block.
void transform_block(const float* values, const Raster& quantiser, std::int16_t* out) {
  float half[64], middle[64], full[64];
  transform_columns(values, half);
  turn(half, middle);
  transform_columns(middle, full);
  std::int32_t nearest[64];
  for (std::size_t i = 0; i < 64; ++i) nearest[i] = round_within(full[i] / quantiser[i], -1023.0f, 1023.0f);
  nearest[0] = round_within(full[0] / quantiser[0], -1024.0f, 1023.0f);
  to_file_order(nearest, out, std::make_index_sequence<64>{});
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
    std::int32_t* plane = planes_.data();
    for (std::size_t top = 0; top < pixels_; top += wide, from += row_bytes, plane += wide) {
      if (!colours_) {
        for (std::size_t i = 0; i < wide * channels_; ++i)
          plane[i % channels_ * pixels_ + i / channels_] = from[i] << 16;
        continue;
      }
      for (std::size_t i = 0; i < wide; ++i)
        for (std::size_t c = 0; c < 3; ++c) row_[c][i] = from[3 * i + c];
      // Every sum is a whole number under 2^24: floats are exact.
      for (std::size_t i = 0; i < wide; ++i) {
        const auto red = static_cast<float>(row_[0][i]), green = static_cast<float>(row_[1][i]),
                   blue = static_cast<float>(row_[2][i]);
        plane[i] = static_cast<std::int32_t>(19595.0f * red + 38470.0f * green + 7471.0f * blue);
        plane[pixels_ + i] =
            static_cast<std::int32_t>(32768.0f * blue - 11059.0f * red - 21709.0f * green + 8388608.0f);
        plane[2 * pixels_ + i] =
            static_cast<std::int32_t>(32768.0f * red - 27439.0f * green - 5329.0f * blue + 8388608.0f);
      }
    }
  }

  // A block of a component: the means of `across` x `down` pixels, minus 128. Sums have up to 28 bits.
  void take(std::size_t component, int block_x, int block_y, int across, int down, float* values) const {
    const float share = 1.0f / static_cast<float>((across * down) << 16);
    const std::int32_t* plane =
        planes_.data() + component * pixels_ + block_y * 8 * down * wide_ + block_x * 8 * across;
    for (int y = 0; y < 8; ++y, plane += down * wide_) {
      std::int32_t sums[8]{};
      for (int row = 0; row < down; ++row) {
        const std::int32_t* from = plane + row * wide_;
        if (across == 1)
          for (int x = 0; x < 8; ++x) sums[x] += from[x];
        else if (across == 2)
          for (int x = 0; x < 8; ++x) sums[x] += from[2 * x] + from[2 * x + 1];
        else
          for (int x = 0; x < 8 * across; ++x) sums[x / across] += from[x];
      }
      for (int x = 0; x < 8; ++x) values[y * 8 + x] = static_cast<float>(sums[x]) * share - 128.0f;
    }
  }

 private:
  int wide_;
  std::size_t pixels_, channels_;
  bool colours_;
  std::vector<std::int32_t> planes_;
  std::int32_t row_[3][32]{};  // red, green and blue of one row
};

}  // namespace

void forward(const Frame& frame, const Samples& samples, std::int16_t* out) {
  const std::size_t channels = frame.components.size();
  const auto mcu_bytes = static_cast<std::size_t>(8 * frame.across) * channels;
  const std::size_t row_bytes = static_cast<std::size_t>(samples.columns) * mcu_bytes;
  Mcu mcu(frame, samples.colours);
  float values[64];
  std::array<Raster, 4> quantisers{};
  std::transform(frame.quantisers.begin(), frame.quantisers.end(), quantisers.begin(), to_raster);
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
          transform_block(values, quantisers[static_cast<std::size_t>(component.quantiser)], out);
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
