// Symbols of a scan to Huffman codes (ITU-T T.81, annexes C and K.2): a counter that finds the shortest tables, and a
// writer of bits. Both are what a scan's encoder writes to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jpeg.hpp"

namespace fastperturb::jpeg {

// Counts symbols; the last of each table is a reserve, so that no code is all ones.
class Counter {
 public:
  void block() {}
  void symbol(int table, int symbol) { ++counts_[static_cast<std::size_t>(table)][static_cast<std::size_t>(symbol)]; }
  void coded(int table, int symbol, int, int) { this->symbol(table, symbol); }
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

// Counts the symbols of a sequential scan, and keeps them with their bits: they are written without another walk.
class Recorder : public Counter {
 public:
  // Makes room for the symbols of a block.
  void block() {
    if (end_ - next_ >= most_symbols) return;
    close();
    pages_.push_back({std::unique_ptr<std::uint32_t[]>(new std::uint32_t[page_symbols]), 0});
    next_ = pages_.back().items.get();
    end_ = next_ + page_symbols;
  }
  void symbol(int table, int symbol) { coded(table, symbol, 0, 0); }
  void coded(int table, int symbol, int value, int count) {
    Counter::symbol(table, symbol);
    const auto bits = static_cast<std::uint32_t>(value) & ((std::uint32_t{1} << count) - 1);
    *next_++ = static_cast<std::uint32_t>(count << 11 | table << 8 | symbol) << 16 | bits;
  }
  void restart(int number) {
    block();
    *next_++ = restarts << 27 | static_cast<std::uint32_t>(number);
  }
  // Calls visit(item) for each: in 16 bits the number, in 11 its table and symbol, in 5 how many bits of the number
  // count, or `restarts` where the number is a marker's.
  template <typename Visit>
  void for_each(Visit visit) {
    close();
    for (const Page& page : pages_)
      for (std::size_t i = 0; i < page.count; ++i) visit(page.items[i]);
  }
  static constexpr std::uint32_t restarts = 31;

 private:
  static constexpr std::ptrdiff_t most_symbols = 72;  // of a block: 64 coefficients, 3 runs and an end; and a restart
  static constexpr std::size_t page_symbols = 16384;
  struct Page {
    std::unique_ptr<std::uint32_t[]> items;  // not set beforehand
    std::size_t count;
  };
  void close() {
    if (!pages_.empty()) pages_.back().count = static_cast<std::size_t>(next_ - pages_.back().items.get());
  }
  std::vector<Page> pages_;
  std::uint32_t *next_ = nullptr, *end_ = nullptr;
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
  void block() {}
  void symbol(int table, int symbol) { coded(table, symbol, 0, 0); }
  // A symbol, and the lowest `count` bits of a number that belongs to it, 16 at most.
  void coded(int table, int symbol, int value, int count) {
    const Code& code = codes_[static_cast<std::size_t>(table)][static_cast<std::size_t>(symbol)];
    if (code.length == 0) throw Error("damaged: a Huffman table lacks a code that is needed");
    put(code.bits << count | low_bits(value, count), code.length + count);
  }
  // All that a recorder kept; its tables are in use.
  void replay(Recorder& recorder) {
    const Code* codes = codes_.front().data();
    recorder.for_each([&](std::uint32_t item) {
      const auto count = static_cast<int>(item >> 27);
      if (count == static_cast<int>(Recorder::restarts)) return restart(static_cast<int>(item & 0xFFFF));
      const Code& code = codes[item >> 16 & 0x7FF];
      put(code.bits << count | (item & 0xFFFF), code.length + count);
    });
  }
  void bits(int value, int count) { put(low_bits(value, count), count); }
  void restart(int number) {
    end();
    out_ += '\xFF';
    out_ += static_cast<char>(0xD0 + number);
  }
  // Ones up to the next whole byte, and all that is held goes out.
  void end() {
    put((std::uint32_t{1} << (8 - held_ % 8) % 8) - 1, (8 - held_ % 8) % 8);
    flush();
    for (; held_ > 0; held_ -= 8) {
      const auto byte = static_cast<char>(held_bits_ >> (held_ - 8) & 0xFF);
      out_ += byte;
      if (byte == '\xFF') out_ += '\0';
    }
  }

 private:
  struct Code {
    std::uint32_t bits;
    int length;
  };
  static std::uint32_t low_bits(int value, int count) {
    return static_cast<std::uint32_t>(value) & ((std::uint32_t{1} << count) - 1);
  }
  // The lowest `count` bits of `value`, 32 at most; the others are zero.
  void put(std::uint32_t value, int count) {
    held_bits_ = held_bits_ << count | value;
    held_ += count;
    if (held_ >= 32) put_word();
  }
  // The first 32 bits that are held; a byte of ones is followed by one of zeros.
  void put_word() {
    if (kept_ + 8 > pending_.size()) flush();
    held_ -= 32;
    const auto word = static_cast<std::uint32_t>(held_bits_ >> held_);
    const std::uint32_t ones = word & ~(word + 0x01010101u) & 0x80808080u;  // may name one byte too many, never too few
    for (int shift = 24; shift >= 0; shift -= 8) {
      const auto byte = static_cast<char>(word >> shift & 0xFF);
      pending_[kept_++] = byte;
      if (ones != 0 && byte == '\xFF') pending_[kept_++] = '\0';
    }
  }
  void flush() {
    out_.append(pending_.data(), kept_);
    kept_ = 0;
  }
  std::string& out_;
  std::array<std::array<Code, 256>, 8> codes_{};
  std::array<char, 4096> pending_{};  // bytes that are not in `out_` yet
  std::size_t kept_ = 0;
  std::uint64_t held_bits_ = 0;
  int held_ = 0;
};

}  // namespace fastperturb::jpeg
