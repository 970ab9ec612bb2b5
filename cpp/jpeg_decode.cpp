// Entropy-coded data to coefficients (ITU-T T.81, annexes F and G). Every code must be one of its table and every scan
// must hold all of its blocks: nothing is guessed.
#include <algorithm>
#include <cstdlib>

#include "jpeg.hpp"
#include "jpeg_bit_reader.hpp"

namespace fastperturb::jpeg {
namespace {

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
