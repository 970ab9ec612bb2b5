// Entropy-coded data to coefficients (ITU-T T.81, annexes F and G). Every code must be one of its table and every scan
// must hold all of its blocks: nothing is guessed.
#include <algorithm>
#include <cstdlib>

#include "jpeg.hpp"

namespace fastperturb::jpeg {
namespace {

[[noreturn]] void damaged() { throw Error("damaged: its entropy-coded data hold what no encoder writes"); }

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
  // A number of `size` bits, of which the first says whether it is positive (T.81, F.2.2.1).
  int number(int size) {
    const int value = bits(size);
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
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

std::int16_t shifted(int value, int low) {
  const int found = value * (1 << low);
  if (found < -32767 || found > 32767) damaged();
  return static_cast<std::int16_t>(found);
}

class ScanDecoder {
 public:
  ScanDecoder(const Frame& frame, const Scan& scan, const std::uint8_t* data, std::int16_t* out, Sizes most)
      : frame_(frame), scan_(scan), reader_(data, scan.end - scan.begin), out_(out), most_(most) {
    for (std::size_t i = 0; i < 8; ++i)
      if (scan.tables[i]) tables_[i] = std::make_unique<Lookup>(*scan.tables[i]);
  }

  void run() {
    const auto restart = [this](int number) {
      reader_.restart(number);
      before_.fill(0);
      zero_blocks_ = 0;
    };
    if (!frame_.progressive)
      walk(frame_, scan_, [this](int i, std::size_t at) { sequential(i, out_ + at); }, restart);
    else if (scan_.first == 0 && scan_.high == 0)
      walk(frame_, scan_, [this](int i, std::size_t at) { dc_first(i, out_ + at); }, restart);
    else if (scan_.first == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { dc_refine(out_ + at); }, restart);
    else if (scan_.high == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { ac_first(out_ + at); }, restart);
    else
      walk(frame_, scan_, [this](int, std::size_t at) { ac_refine(out_ + at); }, restart);
  }
  bool at_end() const { return reader_.at_end(); }

 private:
  const Lookup& table(int place) const {
    const auto& found = tables_[static_cast<std::size_t>(place)];
    if (!found) damaged();
    return *found;
  }

  int next_dc(int i) {
    const int size = reader_.symbol(table(scan_.dc[static_cast<std::size_t>(i)]));
    if (size > most_.dc) damaged();
    int& before = before_[static_cast<std::size_t>(i)];
    before += reader_.number(size);
    return before;
  }

  void sequential(int i, std::int16_t* block) {
    block[0] = shifted(next_dc(i), 0);
    const Lookup& ac = table(scan_.ac[static_cast<std::size_t>(i)] + ac_tables);
    for (int k = 1; k < 64; ++k) {
      const int symbol = reader_.symbol(ac), size = symbol & 15;
      if (size == 0) {
        if (symbol != 0xF0) {
          if (symbol != 0) damaged();
          break;
        }
        k += 15;
        continue;
      }
      k += symbol >> 4;
      if (k > 63 || size > most_.ac) damaged();
      block[k] = static_cast<std::int16_t>(reader_.number(size));
    }
    reader_.check();
  }

  void dc_first(int i, std::int16_t* block) {
    block[0] = shifted(next_dc(i), scan_.low);
    reader_.check();
  }

  void dc_refine(std::int16_t* block) {
    if (reader_.bits(1) != 0) block[0] = static_cast<std::int16_t>(block[0] | 1 << scan_.low);
    reader_.check();
  }

  void ac_first(std::int16_t* block) {
    if (zero_blocks_ > 0) {
      --zero_blocks_;
      return;
    }
    const Lookup& ac = table(scan_.ac[0] + ac_tables);
    for (int k = scan_.first; k <= scan_.last; ++k) {
      const int symbol = reader_.symbol(ac), run = symbol >> 4, size = symbol & 15;
      if (size == 0) {
        if (run == 15) {
          k += 15;
          continue;
        }
        zero_blocks_ = (1 << run) + reader_.bits(run) - 1;
        break;
      }
      k += run;
      if (k > scan_.last || size > most_.ac) damaged();
      block[k] = shifted(reader_.number(size), scan_.low);
    }
    reader_.check();
  }

  // One more bit for a coefficient that is not zero.
  void correct(std::int16_t& value) {
    if (reader_.bits(1) == 0) return;
    const int bit = 1 << scan_.low;
    if ((value & bit) == 0) value = static_cast<std::int16_t>(value >= 0 ? value + bit : value - bit);
  }

  void ac_refine(std::int16_t* block) {
    const int bit = 1 << scan_.low;
    int k = scan_.first;
    if (zero_blocks_ == 0) {
      const Lookup& ac = table(scan_.ac[0] + ac_tables);
      for (; k <= scan_.last; ++k) {
        const int symbol = reader_.symbol(ac);
        int run = symbol >> 4, fresh = 0;
        if ((symbol & 15) > 1) damaged();
        if ((symbol & 15) == 1) {
          fresh = reader_.bits(1) != 0 ? bit : -bit;
        } else if (run < 15) {
          zero_blocks_ = (1 << run) + reader_.bits(run);
          break;
        }
        for (; k <= scan_.last; ++k) {
          if (block[k] != 0)
            correct(block[k]);
          else if (run-- == 0)
            break;
        }
        if (fresh != 0) {
          if (k > scan_.last) damaged();
          block[k] = static_cast<std::int16_t>(fresh);
        }
      }
    }
    if (zero_blocks_ > 0) {
      for (; k <= scan_.last; ++k)
        if (block[k] != 0) correct(block[k]);
      --zero_blocks_;
    }
    reader_.check();
  }

  const Frame& frame_;
  const Scan& scan_;
  BitReader reader_;
  std::int16_t* out_;
  Sizes most_;
  std::array<std::unique_ptr<Lookup>, 8> tables_;
  std::array<int, 3> before_{};
  int zero_blocks_ = 0;
};

}  // namespace

void decode(const Frame& frame, const std::uint8_t* data, std::int16_t* out) {
  for (const Scan& scan : frame.scans) ScanDecoder(frame, scan, data + scan.begin, out, file_sizes).run();
}

void unpack(const Frame& like, int count, const std::uint8_t* data, std::size_t size, std::int16_t* out) {
  Frame frame = strip(like, count);
  Scan& scan = frame.scans[0];
  std::size_t at = 0;
  const int used = frame.components.size() > 1 ? 2 : 1;
  for (int i = 0; i < 2 * used; ++i) {
    auto table = std::make_shared<HuffmanTable>();
    if (size - at < 16) damaged();
    int total = 0, code = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      table->counts[length] = data[at++];
      total += table->counts[length];
      code = code * 2 + table->counts[length];
      if (code > 1 << length) damaged();
    }
    if (total > 256 || size - at < static_cast<std::size_t>(total)) damaged();
    table->symbols.assign(data + at, data + at + total);
    at += static_cast<std::size_t>(total);
    scan.tables[static_cast<std::size_t>(i / 2 + i % 2 * ac_tables)] = std::move(table);
  }
  scan.begin = at;
  scan.end = size;
  ScanDecoder decoder(frame, scan, data + at, out, any_sizes);
  decoder.run();
  if (!decoder.at_end()) damaged();
}

}  // namespace fastperturb::jpeg
