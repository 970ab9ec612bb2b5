// The bits of a scan's data and the Huffman codes in them (ITU-T T.81, annex F.2.2), read without a guess.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "jpeg.hpp"

namespace fastperturb::jpeg {

[[noreturn]] inline void damaged() { throw Error("damaged: its entropy-coded data hold what no encoder writes"); }

constexpr int ahead = 9;  // bits that are looked up at once

// A table to find symbols by.
class Lookup {
 public:
  explicit Lookup(const HuffmanTable& table) : symbols_(table.symbols) {
    int code = 0, place = 0;
    for (int length = 1; length <= 16; ++length, code *= 2) {
      first_[length] = code;
      start_[length] = place;
      const int count = table.counts[static_cast<std::size_t>(length)];
      for (int i = 0; i < count && length <= ahead; ++i) {
        const int low = (code + i) << (ahead - length);
        std::fill_n(short_.begin() + low, 1 << (ahead - length), (length << 8) | symbol(place + i));
      }
      code += count;
      place += count;
      most_[length] = code;
    }
  }
  // The length and the symbol of the code that `bits`, 16 of them, begin with.
  std::pair<int, int> find(int bits) const {
    const int entry = short_[static_cast<std::size_t>(bits >> (16 - ahead))];
    if (entry != 0) return {entry >> 8, entry & 255};
    for (int length = ahead + 1; length <= 16; ++length) {
      const int code = bits >> (16 - length);
      if (code < most_[length]) return {length, symbol(start_[length] + code - first_[length])};
    }
    damaged();
  }

 private:
  int symbol(int place) const { return symbols_[static_cast<std::size_t>(place)]; }
  const std::vector<std::uint8_t>& symbols_;
  std::array<int, 1 << ahead> short_{};
  int first_[17]{}, start_[17]{}, most_[17]{};
};

// Bits of a scan's data. Beyond a marker or the end there are zeros, and check() says that they were used.
class BitReader {
 public:
  BitReader(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  int bits(int count) {
    if (held_ < count) fill();
    held_ -= count;
    return static_cast<int>((bits_ >> held_) & ((std::uint64_t{1} << count) - 1));
  }
  int symbol(const Lookup& table) {
    if (held_ < 32) fill();  // enough for a code and the number behind it
    const auto [length, found] = table.find(static_cast<int>((bits_ >> (held_ - 16)) & 0xFFFF));
    held_ -= length;
    return found;
  }
  // A number of `size` bits, of which the first says whether it is positive (T.81, F.2.2.1). Without a branch on that,
  // which no processor can foresee.
  int number(int size) {
    const int value = bits(size), all = 1 << size;
    return value - (-static_cast<int>(value < all >> 1) & (all - 1));
  }
  void check() const {
    if (lacking_ > held_) throw Error("damaged: its entropy-coded data are cut short");
  }
  void restart(int marker) {
    check();
    if (held_ - lacking_ >= 8) throw Error("damaged: bytes that belong to nothing stand before a restart marker");
    bits_ = 0;
    held_ = lacking_ = 0;
    while (end_ - at_ > 1 && at_[0] == 0xFF && at_[1] == 0xFF) ++at_;
    if (end_ - at_ < 2 || at_[0] != 0xFF || at_[1] != 0xD0 + marker)
      throw Error("damaged: a restart marker is missing");
    at_ += 2;
  }
  bool at_end() const { return at_ == end_ && held_ - lacking_ < 8; }

 private:
  // More bits: four bytes if that many stand before the next byte of ones, else one by one.
  void fill() {
    if (end_ - at_ >= 4 && held_ <= 32) {
      const std::uint32_t word = std::uint32_t{at_[0]} << 24 | std::uint32_t{at_[1]} << 16 |
                                 std::uint32_t{at_[2]} << 8 | std::uint32_t{at_[3]};
      if ((word & ~(word + 0x01010101u) & 0x80808080u) == 0) {
        bits_ = bits_ << 32 | word;
        held_ += 32;
        at_ += 4;
        return;
      }
    }
    while (held_ <= 48) {
      std::uint8_t byte = 0;
      if (at_ == end_ || (*at_ == 0xFF && (end_ - at_ < 2 || at_[1] != 0))) {
        lacking_ += 8;
      } else {
        byte = *at_;
        at_ += byte == 0xFF ? 2 : 1;
      }
      bits_ = bits_ << 8 | byte;
      held_ += 8;
    }
  }
  const std::uint8_t *at_, *end_;
  std::uint64_t bits_ = 0;
  int held_ = 0, lacking_ = 0;
};

}  // namespace fastperturb::jpeg
