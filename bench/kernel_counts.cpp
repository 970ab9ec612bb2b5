// The metrics' kernels alone: kernel_counts.py compiles this beside cpp/kernels.cpp for each instruction set, compares
// what they print, and counts their instructions. Arguments: the kernel's number, and how often it runs.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../cpp/kernels.hpp"

namespace fastperturb {
extern const Kernels kernels_counted;
}

namespace {

using namespace fastperturb;

constexpr int segment = 16, channels = 3;
std::vector<std::uint8_t> a(1 << 16), b(1 << 16);
const std::vector<float> select(4 * 16 * segment, 1.0f);
float* memory = nullptr;

void show(const void* data, std::size_t bytes) {
  unsigned long long hash = 1469598103934665603ULL;  // FNV-1a
  for (std::size_t i = 0; i < bytes; ++i)
    hash = (hash ^ static_cast<const std::uint8_t*>(data)[i]) * 1099511628211ULL;
  std::printf("%llx\n", hash);
}

void squared_error(int times) {
  std::uint64_t sum = 0;
  for (int t = 0; t < times; ++t) sum += kernels_counted.squared_error_u8(a.data() + t, b.data(), 12288);
  show(&sum, sizeof(sum));
}

// Rows of a strip under a uniform 7 x 7 window.
void uniform_rows(int times) {
  constexpr int radius = 3, positions = segment + 2 * radius + 1;
  auto* pairs = reinterpret_cast<std::uint8_t*>(memory);
  auto* columns = reinterpret_cast<std::int32_t*>(memory + 65536);
  const BoxConstants constants{49, 6.5f * 49 * 49, 58.5f * 49 * 49};
  float sums[channels][16] = {};
  for (int t = 0; t < times; ++t) {
    std::uint8_t *in = pairs + t % 2 * 65536, *out = pairs + (t + 1) % 2 * 65536;
    kernels_counted.box_spread(a.data() + 64 * t, b.data() + 64 * t, segment * channels, (positions - 1) * channels,
                               in);
    for (int c = 0; c < channels; ++c) {
      const BoxRow row{in + 32 * c, out + 32 * c, 32 * channels, segment, radius};
      kernels_counted.box_row(row, constants, columns + (c * positions + 1) * 48, select.data(), nullptr, sums[c]);
    }
  }
  show(sums, sizeof(sums));
}

// Blocks of four rows of a strip under the 11 x 11 Gaussian.
void gaussian_blocks(int times) {
  constexpr int radius = 5, pitch = segment + 2 * radius + 4, row_floats = 4 * 16 * segment;
  const float weights[] = {0.26601171f, 0.21300554f, 0.10936069f, 0.03600077f, 0.00759876f, 0.00102838f};
  const Strip strip{channels, segment, radius, pitch, 127, 0, 1};
  float *u = memory, *v = u + channels * pitch * 16, *ring = v + channels * pitch * 16, *moments = ring + 14 * row_floats;
  double total = 0.0;
  for (int t = 0; t < times; ++t) {
    const float* rows[14];
    for (int i = 0; i < 14; ++i) rows[i] = ring + i * row_floats;
    for (int i = 0; i < 4; ++i)
      kernels_counted.ssim_spread_u8(a.data() + 64 * t + 800 * i, b.data() + 64 * t + 800 * i, strip, u, v);
    for (int c = 0; c < channels; ++c) {
      for (int i = 0; i < 4; ++i)
        kernels_counted.ssim_rows(u + c * pitch * 16, v + c * pitch * 16, segment, weights, radius,
                                  ring + (4 * t + i) % 14 * row_floats);
      float most = 0.0f;
      kernels_counted.ssim_columns(rows, 4, segment, weights, radius, moments);
      total += kernels_counted.ssim_score(moments, 4, segment, {254, 0, 13, 117}, select.data(), 0, nullptr, &most);
    }
  }
  show(&total, sizeof(total));
}

}  // namespace

int main(int, char** arguments) {
  constexpr std::size_t bytes = 1 << 22;
  memory = static_cast<float*>(std::aligned_alloc(64, bytes));
  std::memset(memory, 0, bytes);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::uint8_t>(i * 7 + i / 13);
    b[i] = static_cast<std::uint8_t>(i * 5 + i / 11);
  }
  void (*const kernels[])(int) = {squared_error, uniform_rows, gaussian_blocks};
  kernels[std::atoi(arguments[1])](std::atoi(arguments[2]));
}
