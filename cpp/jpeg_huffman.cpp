// The shortest Huffman tables for counted symbols: ITU-T T.81, annex K.2.
#include "jpeg_huffman.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace fastperturb::jpeg {

namespace {

constexpr std::size_t symbols = 257;  // the last is a reserve
using Lengths = std::array<int, symbols>;

// Of all groups of symbols that are left, the two that came up least; of equals, the one of the higher symbol.
struct Groups {
  std::vector<std::size_t> first;              // a symbol of each group, by which it is known
  std::array<std::int64_t, symbols> counts{};  // of groups
  std::array<int, symbols> next{};             // the next symbol of the same group; -1: none

  // Whether group `one` comes later than group `two`: a heap by it has the rarest in front.
  bool is_later(std::size_t one, std::size_t two) const {
    return counts[one] != counts[two] ? counts[one] > counts[two] : one < two;
  }
  auto order() const {
    return [this](std::size_t one, std::size_t two) { return is_later(one, two); };
  }
  std::size_t take_rarest() {
    std::pop_heap(first.begin(), first.end(), order());
    const std::size_t found = first.back();
    first.pop_back();
    return found;
  }
  void put_back(std::size_t group) {
    first.push_back(group);
    std::push_heap(first.begin(), first.end(), order());
  }
};

// Lengths of Huffman's codes before they are cut (T.81, figure K.1).
Lengths lengths_of(const std::array<std::int64_t, symbols>& counts) {
  Groups groups;
  groups.counts = counts;
  groups.counts[symbols - 1] = 1;
  groups.next.fill(-1);
  for (std::size_t i = 0; i < symbols; ++i)
    if (groups.counts[i] > 0) groups.put_back(i);
  Lengths lengths{};
  while (groups.first.size() > 1) {
    const std::size_t one = groups.take_rarest(), two = groups.take_rarest();
    groups.counts[one] += groups.counts[two];
    std::size_t last = one;
    for (int i = static_cast<int>(one); i >= 0; i = groups.next[last]) {
      last = static_cast<std::size_t>(i);
      ++lengths[last];
    }
    groups.next[last] = static_cast<int>(two);
    for (int i = static_cast<int>(two); i >= 0; i = groups.next[static_cast<std::size_t>(i)])
      ++lengths[static_cast<std::size_t>(i)];
    groups.put_back(one);
  }
  return lengths;
}

}  // namespace

HuffmanTable Counter::best(std::size_t table) const {
  HuffmanTable found;
  if (!is_used(table)) return found;
  const Lengths lengths = lengths_of(counts_[table]);
  std::array<int, symbols + 1> codes{};  // how many there are of each length
  for (const int length : lengths) codes[static_cast<std::size_t>(length)] += length > 0;
  for (std::size_t i = symbols; i > 16; --i)  // figure K.3
    while (codes[i] > 0) {
      std::size_t j = i - 2;
      while (codes[j] == 0) --j;
      codes[i] -= 2;
      codes[i - 1] += 1;
      codes[j + 1] += 2;
      codes[j] -= 1;
    }
  std::size_t longest = 16;
  while (codes[longest] == 0) --longest;
  --codes[longest];  // the reserve
  for (std::size_t i = 1; i <= 16; ++i) found.counts[i] = static_cast<std::uint8_t>(codes[i]);
  std::array<std::size_t, symbols + 1> places{};  // of the next symbol of each length: by length, then in order
  for (std::size_t i = 0; i + 1 < symbols; ++i)
    if (lengths[i] > 0) ++places[static_cast<std::size_t>(lengths[i])];
  std::size_t all = 0;
  for (std::size_t& place : places) all += std::exchange(place, all);
  found.symbols.resize(all);
  for (std::size_t i = 0; i + 1 < symbols; ++i)
    if (lengths[i] > 0) found.symbols[places[static_cast<std::size_t>(lengths[i])]++] = static_cast<std::uint8_t>(i);
  return found;
}

}  // namespace fastperturb::jpeg
