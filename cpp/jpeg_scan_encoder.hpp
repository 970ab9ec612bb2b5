// One scan of a JPEG walked block by block: its symbols and bits go to a sink, which counts or writes them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bits.hpp"
#include "jpeg.hpp"
#include "jpeg_huffman.hpp"

namespace fastperturb::jpeg {

constexpr int most_corrections = 937;  // held back before a run of blocks is written, as libjpeg has it
constexpr int longest_run = 0x7FFF;

inline int size_of(int value) {
  return value == 0 ? 0 : 32 - leading_zeros(static_cast<std::uint32_t>(std::abs(value)));
}

// What is written of a number (T.81, F.1.2.1): its lowest bits, of a negative one those of one less. Signs are random:
// processors guess a branch wrong every other time.
inline int bits_of(int value) { return value + (value >> 31); }

// A bit for each coefficient of a block that is not zero, the lowest for the first.
inline std::uint64_t find_nonzero(const std::int16_t* block) {
  std::uint8_t marks[64];
  for (int k = 0; k < 64; ++k) marks[k] = block[k] != 0;
  std::uint64_t found = 0;
  for (int part = 0; part < 8; ++part) {
    std::uint64_t eight;
    std::memcpy(&eight, marks + 8 * part, 8);
    found |= (eight * 0x0102040810204080u) >> 56 << 8 * part;  // the lowest bits of eight bytes, side by side
  }
  return found;
}

template <typename Sink>
class ScanEncoder {
 public:
  ScanEncoder(const Frame& frame, const Scan& scan, const std::int16_t* from, Sizes most, Sink& sink)
      : frame_(frame), scan_(scan), from_(from), most_(most), sink_(sink) {}

  void run() {
    const auto restart = [this](int number) {
      end_run();
      sink_.restart(number);
      before_.fill(0);
    };
    if (!frame_.progressive)
      walk(frame_, scan_, [this](int i, std::size_t at) { sequential(i, from_ + at); }, restart);
    else if (scan_.first == 0 && scan_.high == 0)
      walk(frame_, scan_, [this](int i, std::size_t at) { dc(i, from_[at]); }, restart);
    else if (scan_.first == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { sink_.bits(from_[at] >> scan_.low, 1); }, restart);
    else if (scan_.high == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { ac_first(from_ + at); }, restart);
    else
      walk(frame_, scan_, [this](int, std::size_t at) { ac_refine(from_ + at); }, restart);
    end_run();
  }

 private:
  void dc(int i, int value) {
    int& before = before_[static_cast<std::size_t>(i)];
    const int shifted = value >> scan_.low, difference = shifted - before, size = size_of(difference);
    if (size > most_.dc) throw Error("damaged: a coefficient is larger than any can be");
    before = shifted;
    sink_.coded(scan_.dc[static_cast<std::size_t>(i)], size, bits_of(difference), size);
  }

  void sequential(int i, const std::int16_t* block) {
    sink_.block();
    dc(i, block[0]);
    const int table = scan_.ac[static_cast<std::size_t>(i)] + ac_tables;
    int before = 0;
    for (std::uint64_t left = find_nonzero(block) & ~std::uint64_t{1}; left != 0; left &= left - 1) {
      const int k = trailing_zeros(left);
      int run = k - before - 1;
      before = k;
      for (; run > 15; run -= 16) sink_.symbol(table, 0xF0);
      const int size = ac_size(block[k]);
      sink_.coded(table, run * 16 + size, bits_of(block[k]), size);
    }
    if (before < 63) sink_.symbol(table, 0);
  }

  int ac_size(int value) const {
    const int size = size_of(value);
    if (size > most_.ac) throw Error("damaged: a coefficient is larger than any can be");
    return size;
  }

  // Blocks that held nothing more, and the corrections that go with them.
  void end_run() {
    if (zero_blocks_ == 0) return;
    int size = 0;
    while (zero_blocks_ >> (size + 1) != 0) ++size;
    sink_.symbol(scan_.ac[0] + ac_tables, size * 16);
    sink_.bits(zero_blocks_, size);
    zero_blocks_ = 0;
    correct(held_);
    held_.clear();
  }

  void correct(const std::vector<std::uint8_t>& corrections) {
    for (const std::uint8_t bit : corrections) sink_.bits(bit, 1);
  }

  // The coefficients of the scan's band that are not zero, before they are shifted.
  std::uint64_t find_in_band(const std::int16_t* block) const {
    return find_nonzero(block) >> scan_.first << scan_.first << (63 - scan_.last) >> (63 - scan_.last);
  }

  void ac_first(const std::int16_t* block) {
    const int table = scan_.ac[0] + ac_tables;
    int before = scan_.first - 1;
    for (std::uint64_t left = find_in_band(block); left != 0; left &= left - 1) {
      const int k = trailing_zeros(left);
      const int value = block[k] < 0 ? -(-block[k] >> scan_.low) : block[k] >> scan_.low;
      if (value == 0) continue;
      end_run();
      int run = k - before - 1;
      before = k;
      for (; run > 15; run -= 16) sink_.symbol(table, 0xF0);
      const int size = ac_size(value);
      sink_.coded(table, run * 16 + size, bits_of(value), size);
    }
    if (before < scan_.last && ++zero_blocks_ == longest_run) end_run();
  }

  void ac_refine(const std::int16_t* block) {
    const int table = scan_.ac[0] + ac_tables;
    const std::uint64_t present = find_in_band(block);
    const auto size_at = [&](int k) { return std::abs(block[k]) >> scan_.low; };
    int last = 0;  // the last coefficient that begins here
    for (std::uint64_t left = present; left != 0; left &= left - 1)
      if (const int k = trailing_zeros(left); size_at(k) == 1) last = k;
    int run = 0, next = scan_.first;  // zeros that no symbol tells yet, and from where on they are not counted
    own_.clear();
    for (std::uint64_t left = present; left != 0; left &= left - 1) {
      const int k = trailing_zeros(left), value = size_at(k);
      if (value == 0) continue;
      run += k - next;
      next = k + 1;
      for (; run > 15 && k <= last; run -= 16) {
        end_run();
        sink_.symbol(table, 0xF0);
        correct(own_);
        own_.clear();
      }
      if (value > 1) {
        own_.push_back(static_cast<std::uint8_t>(value & 1));
        continue;
      }
      end_run();
      sink_.symbol(table, run * 16 + 1);
      sink_.bits(block[k] < 0 ? 0 : 1, 1);
      correct(own_);
      own_.clear();
      run = 0;
    }
    if (next <= scan_.last || run > 0 || !own_.empty()) {
      ++zero_blocks_;
      held_.insert(held_.end(), own_.begin(), own_.end());
      if (zero_blocks_ == longest_run || static_cast<int>(held_.size()) > most_corrections) end_run();
    }
  }

  const Frame& frame_;
  const Scan& scan_;
  const std::int16_t* from_;
  Sizes most_;
  Sink& sink_;
  std::array<int, 3> before_{};
  int zero_blocks_ = 0;
  std::vector<std::uint8_t> held_, own_;
};

}  // namespace fastperturb::jpeg
