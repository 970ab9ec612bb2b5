// Squared error over views, masks and threads. Rows that touch are one run for integers, whose sums are exact in any
// order; floating samples are summed row by row, so that a view and its copy give the same bits.
#include "metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "dispatch.hpp"
#include "parallel.hpp"

namespace fastperturb {
namespace {

// A task is at least this long: below, a thread costs more than it saves.
constexpr std::int64_t task_samples = 1 << 20;

struct ErrorSum {
  std::uint64_t whole = 0;  // at most 2^32 samples of 16 bits: callers hold images far smaller
  double real = 0.0;
  std::int64_t samples = 0;

  void add(const ErrorSum& other) {
    whole += other.whole;
    real += other.real;
    samples += other.samples;
  }
  double mean() const {
    if (samples == 0) return std::numeric_limits<double>::quiet_NaN();
    const auto count = static_cast<std::uint64_t>(samples);
    if (whole < std::uint64_t{1} << 53) return (static_cast<double>(whole) + real) / static_cast<double>(count);
    return static_cast<double>(whole / count) + static_cast<double>(whole % count) / static_cast<double>(count);
  }
};

bool is_whole(Element element) { return element == Element::u8 || element == Element::u16; }

void add_run(const Kernels& kernels, Element element, const std::uint8_t* a, const std::uint8_t* b,
             std::int64_t samples, ErrorSum& sum) {
  const auto n = static_cast<std::size_t>(samples);
  const auto as = [](auto* type, const std::uint8_t* data) { return reinterpret_cast<decltype(type)>(data); };
  switch (element) {
    case Element::u8:
      sum.whole += kernels.squared_error_u8(a, b, n);
      break;
    case Element::u16: {
      const std::uint16_t* type = nullptr;
      sum.whole += kernels.squared_error_u16(as(type, a), as(type, b), n);
      break;
    }
    case Element::f32: {
      const float* type = nullptr;
      sum.real += kernels.squared_error_f32(as(type, a), as(type, b), n);
      break;
    }
    case Element::f64: {
      const double* type = nullptr;
      sum.real += kernels.squared_error_f64(as(type, a), as(type, b), n);
      break;
    }
  }
  sum.samples += samples;
}

void add_masked_row(const Kernels& kernels, const Pair& pair, std::int64_t y, ErrorSum& sum) {
  const std::uint8_t* mask = pair.mask + y * pair.mask_row_bytes;
  for (std::int64_t x = 0, end = 0; x < pair.a.width; x = end) {
    for (end = x; end < pair.a.width && (mask[end] != 0) == (mask[x] != 0);) ++end;
    if (mask[x] != 0)
      add_run(kernels, pair.a.element, pair.a.at(y, x), pair.b.at(y, x), (end - x) * pair.a.channels, sum);
  }
}

ErrorSum error_of_rows(const Kernels& kernels, const Pair& pair, std::int64_t first, std::int64_t last) {
  ErrorSum sum;
  const auto row = static_cast<std::int64_t>(pair.a.pixel_bytes()) * pair.a.width;
  const bool one_run =
      pair.mask == nullptr && is_whole(pair.a.element) && pair.a.row_bytes == row && pair.b.row_bytes == row;
  if (one_run) {
    add_run(kernels, pair.a.element, pair.a.at(first, 0), pair.b.at(first, 0),
            (last - first) * pair.a.width * pair.a.channels, sum);
    return sum;
  }
  for (std::int64_t y = first; y < last; ++y) {
    ErrorSum row_sum;
    if (pair.mask != nullptr)
      add_masked_row(kernels, pair, y, row_sum);
    else
      add_run(kernels, pair.a.element, pair.a.at(y, 0), pair.b.at(y, 0), pair.a.width * pair.a.channels, row_sum);
    sum.add(row_sum);
  }
  return sum;
}

// Rows [first, last) of a pair. The cuts depend on the shape alone, so that the order of floating sums does.
struct ErrorTask {
  std::size_t pair;
  std::int64_t first;
  std::int64_t last;
};

std::vector<ErrorTask> cut(const std::vector<Pair>& pairs) {
  std::vector<ErrorTask> tasks;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Samples& image = pairs[i].a;
    const std::int64_t row = std::max<std::int64_t>(1, image.width * image.channels);
    const std::int64_t rows = std::max<std::int64_t>(1, task_samples / row);
    for (std::int64_t y = 0; y < image.height; y += rows) tasks.push_back({i, y, std::min(image.height, y + rows)});
  }
  return tasks;
}

template <typename T>
bool row_is_finite(const std::uint8_t* row, std::int64_t samples) {
  int bad = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    T value;
    std::memcpy(&value, row + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    bad |= static_cast<int>(!(value - value == T(0)));
  }
  return bad == 0;
}

}  // namespace

double mean_squared_error(const Pair& pair, int threads) {
  const Samples& image = pair.a;
  if (image.height * image.width * image.channels > task_samples) return mean_squared_errors({pair}, threads)[0];
  return error_of_rows(kernels(), pair, 0, image.height).mean();
}

std::vector<double> mean_squared_errors(const std::vector<Pair>& pairs, int threads) {
  const Kernels& table = kernels();
  const std::vector<ErrorTask> tasks = cut(pairs);
  std::vector<ErrorSum> parts(tasks.size());
  const auto count = static_cast<std::int64_t>(tasks.size());
  run_parallel(count, team_size(threads, count), [&](std::int64_t t, int) {
    const ErrorTask& task = tasks[static_cast<std::size_t>(t)];
    parts[static_cast<std::size_t>(t)] = error_of_rows(table, pairs[task.pair], task.first, task.last);
  });
  std::vector<ErrorSum> sums(pairs.size());
  for (std::size_t t = 0; t < tasks.size(); ++t) sums[tasks[t].pair].add(parts[t]);
  std::vector<double> means;
  means.reserve(sums.size());
  for (const ErrorSum& sum : sums) means.push_back(sum.mean());
  return means;
}

void halve(const Samples& image, void* out) {
  const Kernels& table = kernels();
  const auto width = static_cast<std::size_t>(image.width);
  const auto channels = static_cast<int>(image.channels);
  const std::size_t samples = (width + 1) / 2 * static_cast<std::size_t>(channels);
  auto* floats = static_cast<float*>(out);
  auto* doubles = static_cast<double*>(out);
  for (std::int64_t y = 0; y < image.height; y += 2, floats += samples) {
    const std::uint8_t *above = image.at(y, 0), *below = image.at(std::min(y + 1, image.height - 1), 0);
    const auto as = [](auto* type, const std::uint8_t* data) { return reinterpret_cast<decltype(type)>(data); };
    if (image.element == Element::u8) table.halve_row_u8(above, below, width, channels, floats);
    if (const std::uint16_t* type = nullptr; image.element == Element::u16)
      table.halve_row_u16(as(type, above), as(type, below), width, channels, floats);
    if (const float* type = nullptr; image.element == Element::f32)
      table.halve_row_f32(as(type, above), as(type, below), width, channels, floats);
    if (const double* type = nullptr; image.element == Element::f64) {
      table.halve_row_f64(as(type, above), as(type, below), width, channels, doubles);
      doubles += samples;
    }
  }
}

bool all_finite(const Samples& image) {
  if (is_whole(image.element)) return true;
  const std::int64_t samples = image.width * image.channels;
  for (std::int64_t y = 0; y < image.height; ++y)
    if (!(image.element == Element::f32 ? row_is_finite<float>(image.at(y, 0), samples)
                                        : row_is_finite<double>(image.at(y, 0), samples)))
      return false;
  return true;
}

}  // namespace fastperturb
