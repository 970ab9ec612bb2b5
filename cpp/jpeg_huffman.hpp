// Symbols of a scan to Huffman codes (ITU-T T.81, annexes C and K.2): a counter that finds the shortest tables, and a
// writer of bits. Both are what a scan's encoder writes to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "jpeg.hpp"

namespace fastperturb::jpeg {

// Counts symbols; the last of each table is a reserve, so that no code is all ones.
class Counter {
 public:
  void symbol(int table, int symbol) { ++counts_[static_cast<std::size_t>(table)][static_cast<std::size_t>(symbol)]; }
  void bits(int, int) {}
  void restart(int) {}
  bool is_used(std::size_t table) const {
    return std::any_of(counts_[table].begin(), counts_[table].end(), [](std::int64_t count) { return count != 0; });
  }
  // The table with the shortest codes of up to 16 bits; empty for one that was not used.
  HuffmanTable best(std::size_t table) const;

 private:
  std::array<std::array<std::int64_t, 257>, 8> counts_{};
};

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void use(std::size_t table, const HuffmanTable& codes) {
    std::uint32_t code = 0;
    std::size_t place = 0;
    for (std::size_t length = 1; length <= 16; ++length, code <<= 1)
      for (int i = 0; i < codes.counts[length]; ++i)
        codes_[table][codes.symbols[place++]] = {code++, static_cast<int>(length)};
  }
  void symbol(int table, int symbol) {
    const Code& code = codes_[static_cast<std::size_t>(table)][static_cast<std::size_t>(symbol)];
    if (code.length == 0) throw Error("damaged: a Huffman table lacks a code that is needed");
    put(code.bits, code.length);
  }
  void bits(int value, int count) {
    if (count > 0) put(static_cast<std::uint32_t>(value) & ((std::uint32_t{1} << count) - 1), count);
  }
  void restart(int number) {
    end();
    out_ += '\xFF';
    out_ += static_cast<char>(0xD0 + number);
  }
  void end() {
    if (held_ > 0) put((std::uint32_t{1} << (8 - held_ % 8) % 8) - 1, (8 - held_ % 8) % 8);
    flush();
  }

 private:
  struct Code {
    std::uint32_t bits;
    int length;
  };
  void put(std::uint32_t value, int count) {
    held_bits_ = held_bits_ << count | value;
    held_ += count;
    if (held_ >= 32) flush_word();
  }
  // The first 32 bits that are held; a byte of ones is followed by one of zeros.
  void flush_word() {
    held_ -= 32;
    const auto word = static_cast<std::uint32_t>(held_bits_ >> held_);
    char bytes[8];
    std::size_t count = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes[count] = static_cast<char>(word >> shift & 0xFF);
      if (bytes[count++] == '\xFF') bytes[count++] = '\0';
    }
    out_.append(bytes, count);
  }
  void flush() {
    while (held_ >= 8) {
      held_ -= 8;
      const auto byte = static_cast<char>(held_bits_ >> held_ & 0xFF);
      out_ += byte;
      if (byte == '\xFF') out_ += '\0';
    }
  }
  std::string& out_;
  std::array<std::array<Code, 256>, 8> codes_{};
  std::uint64_t held_bits_ = 0;
  int held_ = 0;
};

}  // namespace fastperturb::jpeg
