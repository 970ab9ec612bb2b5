// Lists the pixels that are ranked, as runs.
#include "rank_members.hpp"

#include <stdexcept>

namespace fastperturb {

Members::Members(std::int64_t height, std::int64_t columns, const std::uint8_t* mask, const std::uint8_t* labels)
    : label_starts{} {
  const auto area = static_cast<std::size_t>(height * columns);
  if (area >> 31 != 0) throw std::invalid_argument("crop must have fewer than 2^31 pixels");
  const auto rows = static_cast<std::uint32_t>(height), width = static_cast<std::uint32_t>(columns);
  const auto is_member = [=](std::size_t place) { return mask == nullptr || mask[place] != 0; };
  const auto label_of = [=](std::size_t place) { return labels == nullptr ? std::size_t{0} : labels[place]; };
  std::array<std::uint32_t, 256> counts{};
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::size_t start = std::size_t{row} * width;
    for (std::uint32_t column = 0; column < width;) {
      if (!is_member(start + column)) {
        ++column;
        continue;
      }
      const std::size_t label = label_of(start + column);
      std::uint32_t end = column + 1;
      while (end < width && is_member(start + end) && label_of(start + end) == label) ++end;
      runs.push_back({row, column, end - column, counts[label]});
      counts[label] += end - column;
      column = end;
    }
  }
  for (std::size_t label = 0; label < 256; ++label) label_starts[label + 1] = label_starts[label] + counts[label];
  count = label_starts[256];
  for (Run& run : runs) run.first += label_starts[label_of(std::size_t{run.row} * width + run.column)];
}

}  // namespace fastperturb
