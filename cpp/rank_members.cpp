// Lists the pixels that are ranked, label by label.
#include "rank_members.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fastperturb {

Members::Members(std::int64_t height, std::int64_t columns, const std::uint8_t* mask, const std::uint8_t* labels)
    : width(static_cast<std::uint32_t>(columns)), label_starts{} {
  const auto area = static_cast<std::size_t>(height * columns);
  if (area >> 31 != 0) throw std::invalid_argument("crop must have fewer than 2^31 pixels");
  count = static_cast<std::uint32_t>(area);
  if (mask != nullptr)
    count = static_cast<std::uint32_t>(area) - static_cast<std::uint32_t>(std::count(mask, mask + area, 0));
  if (labels == nullptr && count == area) {
    std::fill(label_starts.begin() + 1, label_starts.end(), count);
    return;
  }
  const auto is_member = [=](std::size_t place) { return mask == nullptr || mask[place] != 0; };
  const auto label_of = [=](std::size_t place) { return labels == nullptr ? std::size_t{0} : labels[place]; };
  for (std::size_t place = 0; place < area; ++place)
    if (is_member(place)) ++label_starts[label_of(place) + 1];
  for (std::size_t label = 0; label < 256; ++label) label_starts[label + 1] += label_starts[label];
  places = unwritten<std::uint32_t>(count);
  std::array<std::uint32_t, 257> next = label_starts;
  for (std::size_t place = 0; place < area; ++place)
    if (is_member(place)) places[next[label_of(place)]++] = static_cast<std::uint32_t>(place);
}

}  // namespace fastperturb
